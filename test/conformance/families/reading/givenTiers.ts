// Tiers as cases write them: by width, by upper end or by lower end, rates under one name or another.

import { type Figure, figure, given, sum } from "../../figures.ts";

export type GivenTier = readonly [from: string, rate: string];

const FROM = ["from", "min", "floor", "above"];
const UPTO = ["upto", "up_to", "to", "max", "until"];
const WIDTH = ["width", "size", "amount"];
const RATE = ["rate", "mmr", "discount", "discount_rate", "ratio", "multiplier", "multiple", "mult", "factor", "value"];

/** Rows with a rising lower end. @throws Error when a row says neither where it begins nor where it ends */
export function givenTiers(rows: unknown): readonly GivenTier[] {
  let next = "0";
  return (rows as readonly unknown[]).map((row) => {
    const [own, end, width, rate] = Array.isArray(row)
      ? [undefined, row[0] as Figure | null, undefined, row[1] as Figure]
      : [given(row, ...FROM), given(row, ...UPTO), given(row, ...WIDTH), figure(row, RATE)];
    const from = own === undefined ? next : figure({ own }, ["own"]);
    if (end !== undefined && end !== null && Number.isFinite(Number(end))) next = figure({ end }, ["end"]);
    else if (width !== undefined && Number.isFinite(Number(width))) next = sum(from, width);
    return [from, figure({ rate }, ["rate"])];
  });
}
