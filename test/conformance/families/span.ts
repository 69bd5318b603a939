// SPAN on published risk arrays: scan risk of one contract or several of one underlying.

import { exact, near } from "../checks.ts";
import type { Bench, Check, Family, PublishedCase } from "../family.ts";
import { type Fields, given } from "../figures.ts";

const REGIME = "span-cme-2022";
const SCENARIOS = 16;

interface Holding {
  readonly name: string;
  readonly quantity: string;
  /** Profit of a long quantity of 1. */
  readonly array: readonly number[];
}

function isArrayOfScenarios(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length === SCENARIOS && value.every((each) => Number.isFinite(Number(each)));
}

/** Words that tell an instrument, without those that tell what a field is. */
function wordsOf(name: string): readonly string[] {
  const words = name.toLowerCase().split(/[^a-z0-9.]+/);
  return words.filter(
    (word) => word !== "" && !["array", "risk", "long", "of", "1", "position", "quantity"].includes(word),
  );
}

/** Arrays stand under a name each, or in a list of legs; quantities beside them, in one field or by the names. */
function holdingsOf({ inputs, notes }: PublishedCase): readonly Holding[] {
  const fields = inputs as Fields;
  const losses = /loss(es)?[ -]positive|losses? (are |as )?(above|positive)/i.test(
    `${notes ?? ""} ${String(given(fields, "sign", "convention") ?? "")}`,
  );
  const profits = (array: readonly unknown[]) => array.map((value) => (losses ? 0 - Number(value) : Number(value)));
  const listed = [fields["legs"], fields["positions"], fields["portfolio"]].find(
    (value): value is readonly Fields[] =>
      Array.isArray(value) && value.every((leg) => isArrayOfScenarios(given(leg, "array", "risk_array"))),
  );
  if (listed !== undefined) {
    return listed.map((leg, at) => ({
      name: String(given(leg, "instrument", "name") ?? `leg ${at + 1}`),
      quantity: String(given(leg, "quantity", "position", "qty") ?? 1),
      array: profits(given(leg, "array", "risk_array") as readonly unknown[]),
    }));
  }
  const sources = [fields, ...["arrays", "risk_arrays"].map((name) => (fields[name] ?? {}) as Fields)];
  const arrays = sources.flatMap((source) => Object.entries(source)).filter((entry) => isArrayOfScenarios(entry[1]));
  return arrays.map(([name, array], at) => ({
    name,
    quantity: quantityOf(fields, name, at, arrays.length),
    array: profits(array as readonly unknown[]),
  }));
}

function quantityOf(fields: Fields, name: string, at: number, count: number): string {
  const told = given(fields, "position", "positions", "quantity", "quantities", "contracts");
  if (Array.isArray(told)) return String(told[at] ?? 1);
  if (typeof told === "number" || typeof told === "string") return count === 1 ? String(told) : "1";
  const words = wordsOf(name);
  const named = Object.entries({ ...fields, ...((told ?? {}) as Fields) }).find(
    ([key, value]) =>
      !isArrayOfScenarios(value) &&
      Number.isFinite(Number(value)) &&
      wordsOf(key).length > 0 &&
      wordsOf(key).every((word) => words.some((own) => own === word || own.includes(word))),
  );
  return String(named?.[1] ?? 1);
}

/** A future told by its margin and its extreme move alone, in money. */
function futureOverrides(fields: Fields): Record<string, unknown> | undefined {
  const range = given(fields, "price_scan_range", "scan_range", "maintenance_margin", "margin");
  const extreme = given(fields, "extreme_move", "extreme");
  if (range === undefined) return undefined;
  return {
    price_scan_range: range,
    ...(extreme === undefined ? {} : { extreme_multiple: Number(extreme) / Number(range), extreme_cover: 1 }),
  };
}

function margined(published: PublishedCase, bench: Bench) {
  const holdings = holdingsOf(published);
  const instrument = { product: "future", underlying: "SP", settlement: "USD", multiplier: 1, mark: 0 };
  if (holdings.length > 0) {
    return bench.margin(REGIME, {
      instruments: Object.fromEntries(holdings.map(({ name }) => [name, instrument])),
      positions: holdings.map(({ name, quantity }) => ({ instrument: name, quantity, profit: 0 })),
      inputs: {
        array_given: 1,
        // Scan risk alone is published: without deltas there are no charges and credits.
        array_delta: 0,
        risk_array: Object.fromEntries(holdings.map(({ name, array }) => [name, array])),
      },
    });
  }
  const parameters = futureOverrides(published.inputs as Fields);
  if (parameters === undefined) throw new Error("gives no risk array and no scan range");
  const quantity = String(given(published.inputs, "position", "quantity") ?? 1);
  const book = { instruments: { future: instrument }, positions: [{ instrument: "future", quantity, profit: 0 }] };
  return bench.margin(REGIME, book, { parameters });
}

function scanRisk(published: PublishedCase, bench: Bench): readonly Check[] {
  const result = margined(published, bench);
  const gain = result.scenarios("gain").values().next().value ?? [];
  const checks: Check[] = [];
  for (const [figure, value] of Object.entries(published.expected as Fields)) {
    if (isArrayOfScenarios(value)) {
      value.forEach((each, at) => {
        checks.push(near(`${figure} ${at + 1}`, String(each), String(gain[at]), { absolute: "1e-9" }));
      });
    } else if (/scenario|active/.test(figure)) {
      checks.push(exact(figure, value as number, result.value("active")));
    } else if (typeof value === "number" || typeof value === "string") {
      checks.push(exact(figure, value, result.value("scan_risk")));
    }
  }
  return checks;
}

export const families: readonly Family[] = [
  {
    name: "SPAN, scan risk of given arrays",
    regimes: [REGIME],
    matches: ({ venue, model }) => /\bSPAN\b/.test(`${venue ?? ""} ${model ?? ""}`),
    run: scanRisk,
  },
];
