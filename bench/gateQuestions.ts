import type { Order } from "../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../generated/proto/plimsoll/v1/venue_events.ts";
import { GATE_SERVICE } from "../services/gateway/answerBytes.ts";

/** Questions in a message with many. */
export const BATCH = 64;

/** The n-th order of the benches: a limit order of the account with one position. */
export function question(number: number): Order {
  return {
    account: "cross",
    instrument: "BTC-PERP",
    side: number % 2 === 0 ? Side.BUY : Side.SELL,
    quantity: `${1 + (number % 50)}`,
    limitPrice: "66000.50",
    reduceOnly: false,
  };
}

/** CheckOrder under another path: the same messages through the same transport, and nothing between. */
export const ECHO = { checkOrder: { ...GATE_SERVICE.checkOrder, path: "/plimsoll.bench.Echo/CheckOrder" } };
