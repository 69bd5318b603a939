import { formatFixed } from "../regimes/fixed.ts";
import type { Cell } from "./evaluation.ts";
import type { Explanation } from "./explain.ts";

/** An explanation with every decimal as text with all its digits; null is undefined. Ready for JSON. */
export function explanationText({ verdicts, figures, tables, ...rest }: Explanation) {
  return {
    ...rest,
    verdicts: verdicts.map(({ equity, initial, maintenance, ...verdict }) => ({
      ...verdict,
      equity: formatFixed(equity),
      initial: formatFixed(initial),
      maintenance: formatFixed(maintenance),
    })),
    figures: figures.map(({ value, parts, ...figure }) => ({
      ...figure,
      value: cellText(value),
      parts: parts.map((part) => ({ ...part, value: cellText(part.value) })),
    })),
    tables,
  };
}

function cellText(cell: Cell): string | null {
  return cell === undefined ? null : formatFixed(cell);
}
