// Programs and books for the tests of the kernel's machine, without a document: only what a test is about is said.

import type { Book, BookInstrument, BookPosition } from "../../services/evaluate/book.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { parseFixed } from "../../services/regimes/fixed.ts";
import type { Fixed, Level, Node, Operation, Program } from "../../services/regimes/program.ts";

const NO_SHARD = { accounts: 4, pools: 4, positions: 1, instruments: 1, identities: 1 };

export function bookKernel(build: "release" | "debug" = "release"): Kernel {
  return Kernel.create(kernelBinary(build), NO_SHARD);
}

/** "1.5" as a decimal; "-" is undefined. */
export function fixed(text: string): Fixed | undefined {
  if (text === "-") return undefined;
  const value = parseFixed(text.replace(/^-/, ""));
  if (typeof value === "string") throw new Error(value);
  return text.startsWith("-") ? -value : value;
}

export function known(text: string): Fixed {
  const value = fixed(text);
  if (value === undefined) throw new Error("is undefined");
  return value;
}

/** Nodes one after the other. */
export class Nodes {
  readonly nodes: Node[] = [];

  add(
    operation: Operation,
    level: Level,
    args: readonly number[],
    rest: Partial<Pick<Node, "set" | "index" | "column" | "constant" | "market">> = {},
  ): number {
    return this.nodes.push({ operation, level, set: -1, market: false, ...rest, arguments: args }) - 1;
  }

  constant(text: string): number {
    const value = fixed(text);
    return this.add("constant", "account", [], value === undefined ? {} : { constant: value });
  }
}

/** A program that judges equity 1 against requirements of 0. */
export function programOf(nodes: Nodes, rest: Partial<Program> = {}): Program {
  const equity = nodes.constant("1");
  const zero = nodes.constant("0");
  return {
    id: "test",
    venue: "Test",
    title: "A program of a test",
    vintage: "2026-01-01",
    effectiveUs: 0n,
    sources: [],
    valuation: "USD",
    riskUnit: "underlying",
    groups: new Map(),
    sets: [],
    parameters: [],
    tables: [],
    pairTables: [],
    spreadTables: [],
    inputs: [],
    nodes: nodes.nodes,
    terms: [],
    conclusion: {
      level: "account",
      equity,
      initial: zero,
      maintenance: zero,
      called: zero,
      liquidating: zero,
      bankrupt: zero,
    },
    reports: [],
    ...rest,
  };
}

export const NOW_US = 1_767_225_600_000_000n;
const DAY_US = 86_400_000_000n;

export interface GivenInstrument extends Partial<Omit<BookInstrument, "strike" | "mark" | "forward" | "volatility">> {
  readonly mark?: string;
  readonly forward?: string;
  readonly strike?: string;
  readonly volatility?: string;
  readonly days?: number;
}

/** A linear BTC perpetual in USD unless said otherwise. */
export function instrumentOf(given: GivenInstrument): BookInstrument {
  const { mark = "-", forward = "-", strike = "-", volatility = "-", days, ...rest } = given;
  return {
    name: "BTC-PERPETUAL",
    product: "perpetual",
    inverse: false,
    bachelier: false,
    underlying: "BTC",
    settlement: "USD",
    multiplier: known("1"),
    interest: 0n,
    expiryUs: days === undefined ? undefined : NOW_US + BigInt(days) * DAY_US,
    ...rest,
    mark: fixed(mark),
    forward: fixed(forward),
    strike: fixed(strike),
    volatility: fixed(volatility),
  };
}

export function positionOf(instrument: number, quantity: string, rest: Partial<BookPosition> = {}): BookPosition {
  return {
    instrument,
    quantity: known(quantity),
    entry: undefined,
    profit: 0n,
    leverage: undefined,
    isolated: false,
    posted: 0n,
    ...rest,
  };
}

export function bookOf(rest: Partial<Book> = {}): Book {
  return {
    timeUs: NOW_US,
    instruments: [],
    currencies: [{ name: "USD", balance: 0n, price: known("1") }],
    underlyings: [],
    positions: [],
    orders: [],
    inputs: [],
    ...rest,
  };
}
