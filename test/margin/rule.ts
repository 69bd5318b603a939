// Runs a table of lines (lines.ts) on every subject and checks what the other lines of it say:
//
//   withdraw alice USD 10 ! FREE_COLLATERAL 10 5      refused, with the value and the limit (both may be left out)
//   > state alice USD healthy called                  what followed from the line above; all of it, in order
//   > insurance alice USD 50
//   > funding alice -5 posted=-5 covered=0
//   > settled alice 10 profit=-150 posted=100 covered=50
//   > quarantined alice PRICE_OFF_TICK
//   > nothing
//   pool alice USD balance=90 equity=100              position alice LIN quantity=3 cost=100
//   account alice state=healthy quarantined=no        instrument LIN mark=100 net=0
//   order alice buy LIN 3 @ 40 = accepted IM=12       order alice buy LIN 3 = INITIAL_MARGIN 5 12
//   zero sum
//
// A line that says no refusal must be applied. Text after # is for the reader.

import { expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import type { Followed, Order, Outcome } from "../oracle/outcome.ts";
import { LineReader, whole } from "./lines.ts";
import { type Listings, market } from "./market.ts";
import { type Subject, subjects } from "./subject.ts";

const STATES = ["", "healthy", "called", "liquidating", "bankrupt"];
const MODES = ["", "isolated", "cross"];
const REASONS = new Map<number, string>(
  Object.entries(RefusalReason).map(([name, number]): [number, string] => [number, name]),
);

/** Short words of the tables for fields of the reports. */
const FIELDS: Readonly<Record<string, string>> = {
  cost: "entryCost",
  value: "markValue",
  profit: "unrealisedProfit",
  realised: "realisedProfit",
  IM: "initialMargin",
  MM: "maintenanceMargin",
  free: "freeCollateral",
  ratio: "marginRatioE6",
  scan: "scanLoss",
  worst: "worstScenario",
  leverage: "leverageE2",
  liquidation: "liquidationPrice",
  bankruptcy: "bankruptcyPrice",
  net: "netQuantity",
  longs: "openQuantity",
  IMbefore: "initialMarginBefore",
  MMbefore: "maintenanceMarginBefore",
  freeBefore: "freeCollateralBefore",
};
const ORDER_FIELDS: Readonly<Record<string, string>> = {
  IM: "initialMarginAfter",
  MM: "maintenanceMarginAfter",
  equity: "equityAfter",
  free: "freeCollateralAfter",
};

export interface RuleOptions {
  /** Changes to the listings of the test market. */
  readonly listings?: Listings;
  /** Another market in its place. */
  readonly market?: MarketDocument;
  readonly identityCapacity?: number;
}

/** One rule, one worked table. `title` starts with the rule's id. */
export function rule(title: string, table: string, options: RuleOptions = {}): void {
  const lines = table.split("\n").map((line) => line.replace(/#.*/, "").trim());
  test.each(subjects)(`${title} ($name)`, (kind) => {
    const document = options.market ?? market(options.listings);
    const subject = kind.open(document, { identityCapacity: options.identityCapacity ?? 1_000 });
    const reader = new LineReader(document);
    for (const [index, line] of lines.entries()) {
      if (line === "" || line.startsWith(">")) continue;
      const followed: string[] = [];
      for (let next = index + 1; lines[next]?.startsWith(">"); next += 1) followed.push(lines[next]!.slice(1).trim());
      runLine(subject, reader, line, followed);
    }
  });
}

function runLine(subject: Subject, reader: LineReader, line: string, followed: readonly string[]): void {
  const [said = "", refusal] = line.split("!");
  const input = reader.read(said.trim().split(/\s+/));
  if (input === undefined) {
    expectLine(subject, line);
    return;
  }
  const outcome = subject.apply(input);
  const words = refusal?.trim().split(/\s+/) ?? ["applied"];
  expect(outcomeWords(outcome, words.length), line).toEqual(words.map(plainNumber));
  if (followed.length > 0) {
    const expected = followed.filter((text) => text !== "nothing").map((text) => text.split(/\s+/).map(plainNumber));
    expect(outcome.followed.map(followedWords), `what followed from: ${line}`).toEqual(expected);
  }
}

/** "1,000" and "1000" are the same number. */
function plainNumber(word: string): string {
  return /^(.*=)?-?[0-9,]+$/.test(word) ? word.replaceAll(",", "") : word;
}

function outcomeWords({ code, value, limit }: Pick<Outcome, "code" | "value" | "limit">, count: number): string[] {
  const name = code === 0 ? "applied" : (REASONS.get(code) ?? String(code));
  return [name, String(value), String(limit)].slice(0, count);
}

function followedWords(event: Followed): string[] {
  switch (event.kind) {
    case "fundingPaid":
      return ["funding", event.account, `${event.amount}`, `posted=${event.postedChange}`, `covered=${event.covered}`];
    case "positionSettled":
      return [
        "settled",
        event.account,
        `${event.quantity}`,
        `profit=${event.realisedProfit}`,
        `posted=${event.postedReleased}`,
        `covered=${event.covered}`,
      ];
    case "insurancePaid":
      return ["insurance", event.account, event.currency, `${event.amount}`];
    case "marginStateChanged":
      return ["state", event.account, event.instrument ?? event.currency, STATES[event.from]!, STATES[event.to]!];
    case "accountQuarantined":
      return ["quarantined", event.account, REASONS.get(event.reason) ?? `${event.reason}`];
  }
}

function expectLine(subject: Subject, line: string): void {
  const [verb, name = "", ...rest] = line.split(/\s+/);
  switch (verb) {
    case "account":
      expectFields(subject.account(name), rest, line);
      return;
    case "instrument":
      expectFields(subject.instrument(name), rest, line);
      return;
    case "pool": {
      const pool = subject.account(name).pools.find(({ currency }) => currency === rest[0]);
      expectFields(pool, rest.slice(1), line);
      return;
    }
    case "position": {
      const position = subject.account(name).positions.find(({ instrument }) => instrument === rest[0]);
      expectFields(position, rest.slice(1), line);
      return;
    }
    case "order":
      expectOrder(subject, line);
      return;
    case "zero": {
      const { currencies, instruments } = subject.zeroSum();
      const left = [...currencies, ...instruments].filter(([, sum]) => sum !== 0n);
      expect(left, line).toEqual([]);
      return;
    }
    default:
      throw new SyntaxError(`a table cannot say: ${line}`);
  }
}

function expectFields(report: object | undefined, words: readonly string[], line: string): void {
  if (words[0] === "absent") {
    // A row that holds nothing is as good as none.
    const held = Object.values(report ?? {}).filter((value) => typeof value === "bigint" && value !== 0n);
    expect(held, line).toEqual([]);
    return;
  }
  expect(report, line).toBeDefined();
  for (const word of words) {
    const [short = "", expected = ""] = word.split("=");
    const field = FIELDS[short] ?? short;
    const actual: unknown = Reflect.get(report!, field);
    if (!Reflect.has(report!, field)) throw new SyntaxError(`${line}: there is no ${field}`);
    if (typeof actual === "number" && !["state", "mode"].includes(field)) {
      const wanted = Number(expected.replaceAll(",", ""));
      expect(Math.abs(actual - wanted), `${line}: ${field} is ${actual}`).toBeLessThanOrEqual(1e-9 * Math.abs(wanted));
    } else expect(`${short}=${shown(field, actual)}`, line).toBe(plainNumber(word));
  }
}

function shown(field: string, value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (field === "state") return STATES[Number(value)]!;
  return field === "mode" ? MODES[Number(value)]! : String(value);
}

function expectOrder(subject: Subject, line: string): void {
  const [asked = "", answered = ""] = line.split(" = ");
  const [, account, side, instrument, quantity, at, price] = asked.trim().split(/\s+/);
  const order: Order = {
    account: account!,
    instrument: instrument!,
    side: side === "buy" ? 1 : 2,
    quantity: whole(quantity),
    price: at === "@" ? whole(price) : undefined,
  };
  const answer = subject.checkOrder(order);
  const words = answered.trim().split(/\s+/);
  const codes = words.filter((word) => !word.includes("="));
  const expected = codes.map((word) => (word === "accepted" ? "applied" : plainNumber(word)));
  expect(outcomeWords(answer, codes.length), line).toEqual(expected);
  const fields = words.filter((word) => word.includes("="));
  const renamed = fields.map((word) => word.replace(/^\w+/, (short) => ORDER_FIELDS[short] ?? short));
  expectFields(answer, renamed, line);
}
