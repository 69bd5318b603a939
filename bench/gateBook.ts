import { type InstrumentListing, OptionType } from "../generated/proto/plimsoll/v1/venue_events.ts";
import type { PlacedInput } from "../services/engine/engineInput.ts";
import { genesis } from "../services/engine/genesis.ts";
import type { RiskEngine } from "../services/engine/riskEngine.ts";
import { Shard } from "../services/engine/shard.ts";
import { kernelBinary } from "../services/kernel/binary.ts";
import { Kernel } from "../services/kernel/kernel.ts";
import type { MarketDocument } from "../services/markets/market.ts";
import {
  command,
  EXPIRY_US,
  fill,
  index,
  mark,
  optionMark,
  optionMarket,
  restartIdentities,
  START_US,
} from "../test/margin/portfolioMarket.ts";

const CAPACITIES = { accounts: 64, pools: 256, positions: 512, instruments: 64, identities: 4096, orders: 4096 };
const SPOT_USD = 66_000n;
export const PORTFOLIO = "deribit-portfolio-2026-02";
/** Of the account `portfolio`: the perpetual and options. */
export const POSITIONS = 20;
/** Of the regime: moves with volatilities, and the tails. */
export const SCENARIOS = 35;

export interface GateBook {
  readonly shard: Shard;
  /** What the gate asks of an engine, on the shard itself: nothing is written, so there is no journal. */
  readonly engine: RiskEngine;
}

/** `cross` has one perpetual under margin tables, `portfolio` 20 positions under a portfolio regime. */
export function gateBook(): GateBook {
  restartIdentities();
  const document = bookMarket();
  const shard = new Shard(Kernel.create(kernelBinary(), CAPACITIES));
  const options = document.instruments.slice(1);
  const marks: PlacedInput[] = [
    index("BTC", SPOT_USD, 1n),
    mark("BTC-PERP", SPOT_USD * 100n + 1_000n, 1n),
    ...options.map(({ name }) => optionMark(name, 300n, 65n, SPOT_USD + 200n, 1n)),
  ];
  shard.fold([
    ...genesis("bench", CAPACITIES, document),
    command("cross", { $case: "openAccount", value: { marginMode: 2, regime: "" } }),
    command("portfolio", { $case: "openAccount", value: { marginMode: 3, regime: "portfolio" } }),
    ...["cross", "portfolio"].map((name) =>
      command(name, { $case: "deposit", value: { currency: "BTC", amount: 100_000_000_000n } }),
    ),
    ...marks,
    fill("cross", "BTC-PERP", -30_000n, 6_600_000n, 2n),
    fill("portfolio", "BTC-PERP", -30_000n, 6_600_000n, 2n),
    ...options.map(({ name }, number) => fill("portfolio", name, number % 2 === 0 ? -50n : 40n, 300n, 3n)),
  ]);
  return { shard, engine: engineOf(shard) };
}

function bookMarket(): MarketDocument {
  const base = optionMarket({ portfolio: PORTFOLIO });
  const perpetual = base.instruments.find(({ name }) => name === "BTC-PERP")!;
  const { listing } = base.instruments.find(({ name }) => name === "BTC-70000-C")!;
  const options = Array.from({ length: POSITIONS - 1 }, (_, number) => {
    const strike = 50_000n + 2_000n * BigInt(number);
    const optionType = number % 3 === 0 ? OptionType.PUT : OptionType.CALL;
    const own: InstrumentListing = { ...listing, optionType, strikeE8: strike * 10n ** 8n, expiryTimeUs: EXPIRY_US };
    return { name: `BTC-${strike}-${optionType === OptionType.PUT ? "P" : "C"}`, listing: own };
  });
  return { ...base, instruments: [perpetual, ...options] };
}

function engineOf(shard: Shard): RiskEngine {
  const never = () => {
    throw new Error("the bench asks for checks only");
  };
  return {
    names: shard.names,
    status: { serving: true, reason: "" },
    waitForDisk: () => undefined,
    asOf: () => ({ journalPosition: 1_000n, eventTimeUs: START_US }),
    account: (account) => shard.reader.account(account),
    instrument: (instrument) => shard.reader.instrument(instrument),
    accountsByMarginRatio: () => [],
    explain: never,
    book: never,
    checkOrder: ({ account, instrument, side, quantity, price, reduceOnly }) =>
      shard.reader.checkOrder(account, instrument, side, quantity, price, reduceOnly),
    maxOrder: never,
    cure: never,
    liquidationMoves: never,
    submit: never,
    submitHold: never,
    submitControl: never,
    controls: never,
    onDurable: () => () => {},
  };
}
