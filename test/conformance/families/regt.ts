// Strategy-based margin of US accounts: the exchange's tables and calculator (net of proceeds), and brokers' books (gross).

import { exact, near } from "../checks.ts";
import type { Bench, Check, Family, Margined, PublishedCase } from "../family.ts";
import { type OptionBook, optionBookOf } from "../optionBooks.ts";

const EXCHANGE = "reg-t-2007";
const BROKER = "reg-t-broker-2022";

const CHECKED_WITH_BROKER = /^(ib_margin|interactive_brokers_value|.*_per_contract)$/;

/**
 * The source's own tolerance, where its notes tell one: a share, an amount, or a difference that it owns up to. Figures that Lean
 * compares with the broker's hold to 5 % there.
 */
function check(name: string, expected: string | number, actual: string, notes = ""): Check {
  const told = /(?:within|tolerance)\D{0,12}?(\d+(?:\.\d+)?)\s*%/i.exec(notes)?.[1];
  const share = told ?? (CHECKED_WITH_BROKER.test(name) ? "5" : undefined);
  if (share !== undefined) return near(name, expected, actual, { relative: Number(share) / 100, told: `${share} %` });
  const amount =
    /tolerance\s+(?:of\s+)?abs(?:olute)?\s+(\d+(?:\.\d+)?)/i.exec(notes)?.[1] ??
    /(?:differs|off|short|away) by \$?(\d+(?:\.\d+)?)/i.exec(notes)?.[1] ??
    /\$(\d+(?:\.\d+)?) (?:less|more|below|above|lower|higher)/i.exec(notes)?.[1];
  return amount === undefined ? exact(name, expected, actual) : near(name, expected, actual, { absolute: amount });
}

/** Rates that a case brings along take the place of the document's. */
function ratesOf(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named: Readonly<Record<string, readonly string[]>> = {
    rate: ["rate", "margin_rate"],
    minimum_rate: ["min_rate", "minimum_rate"],
    stock_initial: ["stock_initial_rate", "stock_rate"],
    least_per_unit: ["min_per_share", "minimum_per_share", "floor_per_share"],
  };
  const rates: Record<string, unknown> = {};
  for (const [parameter, fields] of Object.entries(named)) {
    const given = fields.map((field) => inputs[field]).find((value) => value !== undefined && value !== null);
    if (given !== undefined) rates[parameter] = given;
  }
  return rates;
}

/** Figure of the source -> term of the document, the first that fits. */
type Figures = readonly (readonly [figure: RegExp, term: string])[];

const EXCHANGE_FIGURES: Figures = [
  [/^(strategy_based_margin|margin_call|deposit|net_requirement|initial_margin)$/, "initial_margin"],
  [/^(requirement|total_requirement|gross_requirement|initial_requirement)$/, "total_requirement"],
  [/^proceeds$/, "proceeds"],
  [/^maintenance(_margin|_requirement)?$/, "maintenance_margin"],
  [/^(?!portfolio).*(margin|requirement)$/, "initial_margin"],
];

const BROKER_FIGURES: Figures = [
  [/^(initial_margin|initial_requirement)$/, "opening_margin"],
  [/^(ib_margin|interactive_brokers_value|maintenance(_margin|_requirement)?(_per_contract)?)$/, "maintenance_margin"],
  [/^(total_requirement|requirement|margin_requirement|margin)$/, "initial_margin"],
  [/^(buying_power(_requirement|_effect|_reduction)?|bp_effect)$/, "buying_power"],
  [/^proceeds$/, "proceeds"],
  [/(margin|requirement)$/, "initial_margin"],
];

const SIDE = /^(call|put)_(side|min|minimum)$/;

function checksOf(published: PublishedCase, margined: Margined, book: OptionBook, figures: Figures): Check[] {
  const { expected, notes } = published;
  const checks: Check[] = [];
  for (const [figure, value] of Object.entries(expected as Record<string, unknown>)) {
    if (typeof value !== "number" && typeof value !== "string") continue;
    const side = SIDE.exec(figure);
    const term = figures.find(([pattern]) => pattern.test(figure))?.[1];
    if (side !== null) {
      const [, kind, which] = side;
      const leg = book.legs.find((each) => each.product === kind)?.instrument ?? "";
      const of = which === "side" ? "uncovered_basic_margin" : "uncovered_minimum_margin";
      checks.push(check(figure, value, margined.values(of).get(leg) ?? "", notes));
    } else if (term !== undefined) {
      const contracts = figure.endsWith("_per_contract") ? contractsOf(book) : 1;
      checks.push(check(figure, value, shared(margined.value(term), contracts), notes));
    }
  }
  return checks;
}

function contractsOf({ legs }: OptionBook): number {
  return legs.length === 1 ? Math.abs(Number(legs[0]!.quantity)) : 1;
}

function shared(value: string, contracts: number): string {
  return contracts === 1 ? value : String(Number(value) / contracts);
}

function exchangeRun(published: PublishedCase, bench: Bench): readonly Check[] {
  const book = optionBookOf(published);
  const margined = bench.margin(EXCHANGE, book.json, { parameters: ratesOf(published.inputs) });
  return checksOf(published, margined, book, EXCHANGE_FIGURES);
}

function brokerRun(parameters: Readonly<Record<string, unknown>>) {
  return (published: PublishedCase, bench: Bench): readonly Check[] => {
    const book = optionBookOf(published);
    const margined = bench.margin(BROKER, book.json, {
      parameters: { ...parameters, ...ratesOf(published.inputs) },
    });
    return checksOf(published, margined, book, BROKER_FIGURES);
  };
}

function notSupported(published: PublishedCase): string | undefined {
  try {
    optionBookOf(published);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const venueIs = (pattern: RegExp) => (published: PublishedCase) => pattern.test(published.venue ?? "");

export const families: readonly Family[] = [
  {
    name: "Cboe, strategy-based margin",
    regimes: [EXCHANGE],
    matches: venueIs(/^CBOE/i),
    notSupported,
    run: exchangeRun,
  },
  {
    name: "Reg T, Lean and Interactive Brokers",
    regimes: [BROKER],
    matches: (published) =>
      (venueIs(/^Reg T \(Lean\)|^Interactive Brokers/)(published) && published.peer === undefined) ||
      (published.family ?? "").startsWith("lean-option"),
    notSupported,
    run: brokerRun({ premium_at_cost: 1 }),
  },
  {
    name: "Reg T, other brokers",
    regimes: [BROKER],
    matches: (published) => venueIs(/^Reg T \((?!Lean\))/)(published) && published.peer === undefined,
    notSupported,
    // The published requirement is never less than 2.50 a share.
    run: brokerRun({ least_per_unit: "2.5" }),
  },
];
