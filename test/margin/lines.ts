// The little language of the tables: one line, one thing that a venue says. Numbers are in units; commas are ignored.
//
//   open alice cross                          deposit alice USD 1,000           withdraw alice USD 10
//   mark LIN 100                              fund LIN 100,000                  settle LIN 90
//   buy alice LIN 3 @ 40                      sell alice LIN 3 @ 40 maker fee -2 liquidation
//   mode alice LIN isolated                   mode alice - cross                (the account's own)
//   leverage alice LIN 500                    collateral alice LIN -20
//   list NEW like LIN                         buy alice LIN 3 @ 40 order o-1
//   limit POSITION alice LIN 10               limit CREDIT alice - USD 10       limit PRICE_COLLAR - LIN none
//   limit EXECUTION_RATE alice - 2 burst 3    switch KILL - - on                (account, instrument, currency; - is all)
//   override POSITION alice LIN until 90      (seconds after the start; `until 0` ends it)
//   limit .. by one approved other reason why (each may be left out)
//
// Any of them may end with `id x` (trade or command id), `at n` (seconds after the start; else one more than the line
// before), or `time n` (microseconds since 1970).

import {
  type AccountCommand,
  Control,
  type ControlCommand,
  type Fill,
  type InstrumentListing,
  Liquidity,
  MarginMode,
  type MarketEvent,
  Side,
  Switch,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import type { MarketDocument } from "../../services/markets/market.ts";

/** 2026-01-01 UTC. */
export const START_US = 1_767_225_600_000_000n;

const MODES: Readonly<Record<string, MarginMode>> = {
  isolated: MarginMode.ISOLATED,
  cross: MarginMode.CROSS,
  unspecified: MarginMode.UNSPECIFIED,
};

export function whole(text: string | undefined): bigint {
  if (text === undefined || !/^-?[0-9,]+$/.test(text)) throw new SyntaxError(`${text} is no whole number`);
  return BigInt(text.replaceAll(",", ""));
}

/** Turns lines into inputs; counts time and ids where a line names none. */
export class LineReader {
  readonly #market: MarketDocument;
  #second = 0n;
  #lines = 0;

  constructor(market: MarketDocument) {
    this.#market = market;
  }

  /** @returns undefined for a line that says nothing to the engine */
  read(words: readonly string[]): VenueInput | undefined {
    const [verb = "", ...rest] = words;
    const { named, plain } = splitOptions(rest);
    const build = BUILDERS[verb];
    if (build === undefined) return undefined;
    this.#lines += 1;
    this.#second = named.has("at") ? whole(named.get("at")) : this.#second + 1n;
    const timeUs = named.has("time") ? whole(named.get("time")) : START_US + this.#second * 1_000_000n;
    return build({ plain, named, timeUs, id: named.get("id") ?? `${verb}-${this.#lines}`, market: this.#market });
  }
}

interface Line {
  readonly plain: readonly string[];
  readonly named: ReadonlyMap<string, string>;
  readonly timeUs: bigint;
  readonly id: string;
  readonly market: MarketDocument;
}

const OPTIONS = [
  "id",
  "at",
  "time",
  "fee",
  "@",
  "side",
  "liquidity",
  "venue",
  "order",
  "burst",
  "until",
  "by",
  "approved",
  "reason",
];

function splitOptions(words: readonly string[]): { named: Map<string, string>; plain: string[] } {
  const named = new Map<string, string>();
  const plain: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!;
    if (OPTIONS.includes(word)) {
      named.set(word, words[index + 1] ?? "");
      index += 1;
    } else plain.push(word);
  }
  return { named, plain };
}

const BUILDERS: Readonly<Record<string, (line: Line) => VenueInput>> = {
  open: (line) => command(line, { $case: "openAccount", value: { marginMode: modeOf(line.plain[1]) } }),
  deposit: (line) => command(line, { $case: "deposit", value: money(line) }),
  withdraw: (line) => command(line, { $case: "withdrawal", value: money(line) }),
  mode: (line) =>
    command(line, {
      $case: "setMarginMode",
      value: { instrument: line.plain[1] === "-" ? "" : line.plain[1]!, marginMode: modeOf(line.plain[2]) },
    }),
  leverage: (line) =>
    command(line, {
      $case: "setLeverage",
      value: { instrument: line.plain[1]!, leverageE2: Number(whole(line.plain[2])) },
    }),
  collateral: (line) =>
    command(line, { $case: "moveCollateral", value: { instrument: line.plain[1]!, amount: whole(line.plain[2]) } }),
  mark: (line) => market(line, { $case: "markPrice", value: { price: whole(line.plain[1]) } }),
  fund: (line) => market(line, { $case: "funding", value: { rateE9: whole(line.plain[1]) } }),
  settle: (line) => market(line, { $case: "settlement", value: { price: whole(line.plain[1]) } }),
  list: (line) => market(line, { $case: "listing", value: listingLike(line) }),
  limit: (line) => control(line, limitOf(line)),
  switch: (line) => {
    const which = Switch[line.plain[0] as keyof typeof Switch];
    return control(line, { $case: "setSwitch", value: { switch: which, on: line.plain.at(-1) === "on" } });
  },
  override: (line) => {
    const seconds = whole(line.named.get("until"));
    const expiryTimeUs = seconds === 0n ? 0n : START_US + seconds * 1_000_000n;
    const value = { control: controlOf(line), approvedBy: line.named.get("approved") ?? "second", expiryTimeUs };
    return control(line, { $case: "setOverride", value });
  },
  buy: (line) => fill(line, Side.BUY),
  sell: (line) => fill(line, Side.SELL),
};

function modeOf(word: string | undefined): MarginMode {
  return word === undefined ? MarginMode.UNSPECIFIED : (MODES[word] ?? (Number(word) as MarginMode));
}

function money({ plain }: Line): { currency: string; amount: bigint } {
  return { currency: plain[1]!, amount: whole(plain[2]) };
}

function listingLike({ plain, market }: Line): InstrumentListing {
  const model = market.instruments.find(({ name }) => name === plain[2]);
  if (model === undefined) throw new SyntaxError(`list ${plain[0]} like what?`);
  return model.listing;
}

function command({ plain, id, timeUs }: Line, body: NonNullable<AccountCommand["command"]>): VenueInput {
  return { kind: "account", command: { commandId: id, account: plain[0]!, eventTimeUs: timeUs, command: body } };
}

function market({ plain, timeUs }: Line, event: NonNullable<MarketEvent["event"]>): VenueInput {
  return { kind: "market", event: { instrument: plain[0]!, eventTimeUs: timeUs, event } };
}

function controlOf({ plain }: Line): Control {
  return Control[plain[0] as keyof typeof Control];
}

function limitOf(line: Line): NonNullable<ControlCommand["command"]> {
  const last = line.plain.at(-1);
  const value = last === "none" ? undefined : whole(last);
  const burst = line.named.has("burst") ? whole(line.named.get("burst")) : 0n;
  return { $case: "setLimit", value: { control: controlOf(line), value, burst } };
}

/** After the verb: what, the account, the instrument, perhaps a currency, and then the value. */
function control({ plain, named, id, timeUs }: Line, command: NonNullable<ControlCommand["command"]>): VenueInput {
  const [, account = "-", instrument = "-", currency = "-"] = plain;
  const scoped = (name: string) => (name === "-" ? "" : name);
  const value: ControlCommand = {
    commandId: id,
    account: scoped(account),
    currency: /^[A-Z]/.test(currency) ? currency : "",
    by: named.get("by") ?? "first",
    reason: named.get("reason") ?? "test",
    command,
  };
  const event = { $case: "control" as const, value };
  return { kind: "market", event: { instrument: scoped(instrument), eventTimeUs: timeUs, event } };
}

function fill({ plain, named, timeUs, id }: Line, side: Side): VenueInput {
  const fields: Fill = {
    venue: named.get("venue") ?? "test",
    tradeId: id,
    account: plain[0]!,
    instrument: plain[1]!,
    side: named.get("side") === "missing" ? Side.UNSPECIFIED : side,
    quantity: whole(plain[2]),
    price: whole(named.get("@")),
    liquidity: plain.includes("maker") ? Liquidity.MAKER : Liquidity.TAKER,
    liquidation: plain.includes("liquidation"),
    fee: named.has("fee") ? whole(named.get("fee")) : undefined,
    eventTimeUs: timeUs,
    orderId: named.get("order") ?? "",
  };
  const liquidityMissing = named.get("liquidity") === "missing";
  return { kind: "fill", fill: liquidityMissing ? { ...fields, liquidity: Liquidity.UNSPECIFIED } : fields };
}
