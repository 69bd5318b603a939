import { type DecimalReason, type ParsedDecimal, parseDecimal, parseRateE9 } from "./decimal.ts";
import type { FieldPath } from "./locatedDocument.ts";
import type { MarginTableDocument, ScenarioGridDocument } from "./market.ts";
import type { MarginTableText, ScenarioGridText } from "./marketSchema.ts";

/** Notes a problem of a field; the path is relative to what is being compiled. */
export type Report = (path: FieldPath, reason: string) => void;

const ONE_E9 = 1_000_000_000n;

const REASONS: Record<DecimalReason, string> = {
  "not-a-number": "is no plain decimal number",
  "too-precise": "has more digits than can be kept",
  "too-large": "does not fit 64 bits",
};

/** The units of a parsed field, or undefined after the problem was reported. */
export function take(
  parsed: ParsedDecimal,
  text: string,
  rule: string,
  path: FieldPath,
  report: Report,
): bigint | undefined {
  if (parsed.ok) return parsed.units;
  report(path, `"${text}" ${REASONS[parsed.reason]}; ${rule}`);
  return undefined;
}

/** A rate in billionths, or undefined after the problem was reported. */
export function takeRateE9(text: string, path: FieldPath, report: Report): bigint | undefined {
  return take(parseRateE9(text), text, 'write a rate of at most 9 digits, such as "0.4%" or "0.004"', path, report);
}

interface Tier {
  readonly floor: bigint;
  readonly initialRateE9: bigint;
  readonly maintenanceRateE9: bigint;
}

/** Checks a margin table (MAR-013, MAR-014) and turns it into units of its currency and billionths. */
export function compileMarginTable(
  table: MarginTableText,
  regime: string,
  currencyScale: number,
  report: Report,
): MarginTableDocument {
  const tiers: Tier[] = [];
  let deduction = 0n;
  for (const [index, text] of table.tiers.entries()) {
    const path = ["tiers", index];
    const rule = `${table.currency} has ${currencyScale} digits`;
    const floor = take(parseDecimal(text.floor, currencyScale), text.floor, rule, [...path, "floor"], report);
    const initialRateE9 = takeRateE9(text.initialRate, [...path, "initialRate"], report);
    const maintenanceRateE9 = takeRateE9(text.maintenanceRate, [...path, "maintenanceRate"], report);
    if (floor === undefined || initialRateE9 === undefined || maintenanceRateE9 === undefined) continue;

    const tier = { floor, initialRateE9, maintenanceRateE9 };
    const before = tiers.at(-1);
    checkTier(tier, text, path, report);
    if (index === 0 && floor !== 0n) report([...path, "floor"], `"${text.floor}": the first tier must start at "0"`);
    if (before !== undefined) {
      checkRise(before, tier, text, path, report);
      deduction += (tier.floor * (tier.maintenanceRateE9 - before.maintenanceRateE9)) / ONE_E9;
    }
    if (text.publishedAmount !== undefined) {
      const amountPath = [...path, "publishedAmount"];
      const amount = take(
        parseDecimal(text.publishedAmount, currencyScale),
        text.publishedAmount,
        rule,
        amountPath,
        report,
      );
      if (amount !== undefined && amount !== deduction) {
        report(
          amountPath,
          `"${text.publishedAmount}" is ${amount} units, but floors and rates make the deduction ${deduction}`,
        );
      }
    }
    tiers.push(tier);
  }
  return { name: table.name, regime, tiers };
}

function checkTier(tier: Tier, text: MarginTableText["tiers"][number], path: FieldPath, report: Report): void {
  if (tier.maintenanceRateE9 <= 0n) {
    report([...path, "maintenanceRate"], `"${text.maintenanceRate}": a rate must be above zero`);
  }
  if (tier.initialRateE9 > ONE_E9) report([...path, "initialRate"], `"${text.initialRate}": a rate is at most 100 %`);
  if (tier.maintenanceRateE9 > tier.initialRateE9) {
    report(
      [...path, "maintenanceRate"],
      `"${text.maintenanceRate}" is above the initial rate "${text.initialRate}"; maintenance never exceeds initial`,
    );
  }
}

function checkRise(
  before: Tier,
  tier: Tier,
  text: MarginTableText["tiers"][number],
  path: FieldPath,
  report: Report,
): void {
  const rises = [
    ["floor", before.floor, tier.floor, text.floor],
    ["initialRate", before.initialRateE9, tier.initialRateE9, text.initialRate],
    ["maintenanceRate", before.maintenanceRateE9, tier.maintenanceRateE9, text.maintenanceRate],
  ] as const;
  for (const [field, low, high, shown] of rises) {
    if (high <= low) report([...path, field], `"${shown}" does not rise above that of the tier before`);
  }
  for (const [field, low, high] of rises.slice(1)) {
    const product = tier.floor * (high - low);
    if (product % ONE_E9 !== 0n) {
      report(
        [...path, field],
        `the deduction at floor "${text.floor}" would be ${product}/10^9 units, no whole number (MAR-013); ` +
          "choose a floor or rate with fewer digits",
      );
    }
  }
}

/** Checks a scenario grid (MAR-022) and turns its moves into billionths. */
export function compileScenarioGrid(grid: ScenarioGridText, regime: string, report: Report): ScenarioGridDocument {
  const movesE9: bigint[] = [];
  for (const [index, text] of grid.moves.entries()) {
    const move = takeRateE9(text, ["moves", index], report);
    if (move === undefined) continue;
    const before = movesE9.at(-1);
    if (move <= -ONE_E9) report(["moves", index], `"${text}": a move must stay above -100 %: no price would be left`);
    if (before !== undefined && move <= before)
      report(["moves", index], `"${text}" does not rise above the move before`);
    movesE9.push(move);
  }
  if (!movesE9.includes(0n)) report(["moves"], 'the zero move "0%" is missing; every grid must hold it');
  return { name: grid.name, regime, movesE9 };
}
