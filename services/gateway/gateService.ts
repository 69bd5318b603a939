import type { ServerDuplexStream } from "@grpc/grpc-js";
import type {
  AmendHoldResponse,
  CheckOrderResponse,
  CureRequest,
  CureResponse,
  DecideStreamRequest,
  DecideStreamResponse,
  GateServiceServer,
  LiquidationMovesRequest,
  LiquidationMovesResponse,
  MaxOrderRequest,
  MaxOrderResponse,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { asOfMessage } from "./accountMessage.ts";
import { reading, requireServing, unary } from "./calls.ts";
import { requireText } from "./decimalField.ts";
import { GateCalls } from "./gateCalls.ts";
import type { GatewayLimits } from "./limits.ts";
import { accountNumber, instrumentNumber, priceOf, sideOf } from "./orderFields.ts";
import { engineNotServing, toServiceError } from "./statusDetails.ts";

const MOVE_DIGITS = 6;

/** plimsoll.v1.GateService over an engine. */
export function gateService(engine: RiskEngine, limits: GatewayLimits): GateServiceServer {
  const gate = new GateCalls(engine, limits);
  const asOf = () => asOfMessage(engine.asOf());
  const held = async (call: Parameters<GateCalls["hold"]>[0]): Promise<AmendHoldResponse> => {
    const decision = await gate.hold(call);
    return { asOf: asOf(), decision };
  };
  return {
    checkOrder: unary(engine, ({ order }): CheckOrderResponse => {
      const decision = gate.check(order);
      return { asOf: asOf(), decision };
    }),
    placeHold: unary(engine, ({ hold }) => held(hold && { $case: "place", value: hold })),
    amendHold: unary(engine, ({ amendment }) => held(amendment && { $case: "amend", value: amendment })),
    releaseHold: unary(engine, ({ release }) => held(release && { $case: "release", value: release })),
    decide: unary(engine, async ({ calls }, gone) => {
      const answers = await gate.answerAll(calls, gone);
      return { asOf: asOf(), answers };
    }),
    decideStream: (call) => decideStream(engine, gate, call),
    maxOrder: reading(engine, (request) => maxOrder(engine, request)),
    cure: reading(engine, (request) => cure(engine, request)),
    liquidationMoves: reading(engine, (request) => liquidationMoves(engine, request)),
  };
}

/**
 * Answers messages in the order in which they came. The next one is read when the one before is answered: a client that
 * sends faster than the gate decides is held back by its own stream, and the gate keeps nothing for him.
 */
function decideStream(
  engine: RiskEngine,
  gate: GateCalls,
  call: ServerDuplexStream<DecideStreamRequest, DecideStreamResponse>,
): void {
  let turn: Promise<void> = Promise.resolve();
  call.on("data", ({ calls }: DecideStreamRequest) => {
    call.pause();
    turn = turn.then(async () => {
      if (call.cancelled || call.destroyed) return;
      try {
        requireServing(engine);
        const answers = await gate.answerAll(calls, () => call.cancelled);
        if (!call.write({ asOf: asOfMessage(engine.asOf()), answers })) await drained(call);
        call.resume();
      } catch (thrown) {
        const { serving, reason } = engine.status;
        // What grpc-js makes a status of, with its details.
        call.emit("error", toServiceError(serving ? thrown : engineNotServing(reason)));
      }
    });
  });
  call.on("end", () => {
    turn = turn.then(() => {
      call.end();
    });
  });
  call.on("error", () => {
    // The client has gone: what was decided for him is on disk, the answer finds nobody.
  });
}

/** When the client has read on, or has gone. */
function drained(call: ServerDuplexStream<DecideStreamRequest, DecideStreamResponse>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off("drain", done);
      call.off("close", done);
      call.off("cancelled", done);
      resolve();
    };
    call.on("drain", done);
    call.on("close", done);
    call.on("cancelled", done);
  });
}

function maxOrder(engine: RiskEngine, request: MaxOrderRequest): MaxOrderResponse {
  const instrument = instrumentNumber(engine, "instrument", request.instrument);
  const { quantity, binding } = engine.maxOrder({
    account: accountNumber(engine, "account", request.account),
    instrument,
    side: sideOf("side", request.side),
    price: priceOf(engine, instrument, "limit_price", request.limitPrice),
  });
  const { quantityScale } = engine.names.instruments[instrument]!.listing;
  return { asOf: asOfMessage(engine.asOf()), quantity: formatDecimal(quantity, quantityScale), binding };
}

function cure(engine: RiskEngine, request: CureRequest): CureResponse {
  const found = engine.cure(accountNumber(engine, "account", request.account));
  const asOf = asOfMessage(engine.asOf());
  if (found === undefined) {
    return { asOf, found: false, instrument: "", side: Side.UNSPECIFIED, quantity: "", cost: "", currency: "" };
  }
  const { name, listing, currency } = engine.names.instruments[found.instrument]!;
  const { name: money, scale } = engine.names.currencies[currency]!;
  return {
    asOf,
    found: true,
    instrument: name,
    side: found.side,
    quantity: formatDecimal(found.quantity, listing.quantityScale),
    cost: formatDecimal(found.cost, scale),
    currency: money,
  };
}

function liquidationMoves(engine: RiskEngine, request: LiquidationMovesRequest): LiquidationMovesResponse {
  const account = accountNumber(engine, "account", request.account);
  requireText("underlying", request.underlying);
  const { up, down } = engine.liquidationMoves(account, request.underlying);
  const text = (move: bigint | undefined) => (move === undefined ? "" : formatDecimal(move, MOVE_DIGITS));
  return { asOf: asOfMessage(engine.asOf()), up: text(up), down: text(down) };
}
