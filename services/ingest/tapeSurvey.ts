import type { MarketDocument } from "../markets/market.ts";
import { isUnreadable } from "./tapeFormats.ts";
import { MergedTapes, TapeError } from "./tapeReader.ts";

/** How one instrument trades on a tape. Rough numbers, for drawing collateral that suits it. */
export interface InstrumentSurvey {
  readonly rows: number;
  /** Root of the mean squared size, in contracts. */
  readonly typicalSize: number;
  /** First readable price. */
  readonly firstPrice: number;
}

export interface TapeSurvey {
  /** All rows behind the headers, unreadable ones included. */
  readonly rows: number;
  readonly firstTimeMs: number;
  /** By instrument name, in the order of the market document. */
  readonly instruments: ReadonlyMap<string, InstrumentSurvey>;
}

const ROWS_AT_A_TIME = 4_096;

/**
 * Reads the tapes once from end to end, holding a few thousand rows at a time.
 *
 * @throws TapeError when a tape cannot be read, or none of its instruments is listed in the market
 */
export async function surveyTapes(files: readonly string[], market: MarketDocument): Promise<TapeSurvey> {
  const sums = new Map<string, { rows: number; squares: number; firstPrice: number }>();
  let rows = 0;
  let firstTimeMs: number | undefined;
  const tapes = new MergedTapes(files);
  try {
    for (let taken = await tapes.take(ROWS_AT_A_TIME); taken.length > 0; taken = await tapes.take(ROWS_AT_A_TIME)) {
      rows += taken.length;
      for (const { content } of taken) {
        if (isUnreadable(content)) continue;
        firstTimeMs ??= content.timeMs;
        const [size, price] = [Number(content.size), Number(content.price)];
        if (!(size > 0 && size < Infinity && price > 0 && price < Infinity)) continue;
        const sum = sums.get(content.instrument) ?? { rows: 0, squares: 0, firstPrice: price };
        sum.rows += 1;
        sum.squares += size * size;
        sums.set(content.instrument, sum);
      }
    }
  } finally {
    tapes.close();
  }
  const instruments = new Map<string, InstrumentSurvey>();
  for (const { name } of market.instruments) {
    const sum = sums.get(name);
    if (sum === undefined) continue;
    instruments.set(name, {
      rows: sum.rows,
      typicalSize: Math.sqrt(sum.squares / sum.rows),
      firstPrice: sum.firstPrice,
    });
  }
  if (instruments.size === 0 || firstTimeMs === undefined) {
    const seen = [...sums.keys()].slice(0, 5).join(", ") || "nothing readable";
    throw new TapeError(files.join(" + "), 0, `market ${market.id} lists no instrument of it; the tape holds ${seen}`);
  }
  return { rows, firstTimeMs, instruments };
}
