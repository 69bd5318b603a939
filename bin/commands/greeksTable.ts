import type { Cell } from "../../services/evaluate/evaluation.ts";
import type { BookGreeks, GreekRow } from "../../services/evaluate/greeks.ts";
import { formatFixed } from "../../services/regimes/fixed.ts";
import { type Column, paint, table } from "./table.ts";

const DIGITS = 8;

/** Greeks of each position, then of each underlying (docs/margin/greeks.md). */
export function greeksLines({ positions, underlyings }: BookGreeks, colour: boolean): string[] {
  return [
    paint("bold", "Greeks of positions", colour),
    ...lines("Instrument", positions, colour),
    "",
    paint("bold", "Greeks of underlyings", colour),
    ...lines("Underlying", underlyings, colour),
  ];
}

/** For JSON: decimals as text with all their digits, null where a fact is missing. */
export function greeksDocument({ positions, underlyings }: BookGreeks) {
  const text = (cell: Cell) => (cell === undefined ? null : formatFixed(cell));
  const row = ({ name, delta, gamma, vega, theta }: GreekRow) => {
    return { name, delta: text(delta), gamma: text(gamma), vega: text(vega), theta: text(theta) };
  };
  return { positions: positions.map(row), underlyings: underlyings.map(row) };
}

function lines(title: string, rows: readonly GreekRow[], colour: boolean): string[] {
  const columns: Column[] = [
    { title, align: "left" },
    ...["Delta", "Gamma", "Vega", "Theta"].map((name) => ({ title: name, align: "right" as const })),
  ];
  return table(
    columns,
    rows.map(({ name, delta, gamma, vega, theta }) => [name, ...[delta, gamma, vega, theta].map(shown)]),
    colour,
  );
}

function shown(cell: Cell): string {
  return cell === undefined ? "-" : Number(formatFixed(cell)).toFixed(DIGITS);
}
