const DATE = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6})0*)?)?(Z|[+-]\d{2}:\d{2}))?$/;
const EARLIEST_US = 0n;
/** 2200-01-01: a later time is a mistake in the unit. */
const LATEST_US = 7_258_118_400_000_000n;

export type BookTime =
  | { readonly ok: true; readonly timeUs: bigint }
  | { readonly ok: false; readonly reason: "not-a-time" | "time-out-of-range" };

/** Reads an ISO time with its zone ("2026-03-27T08:00:00Z"), or a date (its midnight UTC), as microseconds since 1970. */
export function readBookTime(text: string): BookTime {
  const match = DATE.exec(text);
  if (match === null) return { ok: false, reason: "not-a-time" };
  const [, date, minutes = "00:00", seconds = "00", fraction = "", zone = "Z"] = match;
  const milliseconds = Date.parse(`${date}T${minutes}:${seconds}${zone}`);
  // Date.parse takes the 31st of February for the 3rd of March.
  const exists = new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date ?? "");
  if (Number.isNaN(milliseconds) || exists !== true) return { ok: false, reason: "not-a-time" };
  const timeUs = BigInt(milliseconds) * 1_000n + BigInt(fraction.padEnd(6, "0"));
  if (timeUs < EARLIEST_US || timeUs >= LATEST_US) return { ok: false, reason: "time-out-of-range" };
  return { ok: true, timeUs };
}

/** ISO time to the microsecond, as `readBookTime` takes it: no part of a live account's time is lost. */
export function bookTimeText(timeUs: bigint): string {
  const milliseconds = new Date(Number(timeUs / 1_000n)).toISOString();
  return `${milliseconds.slice(0, -1)}${String(timeUs % 1_000n).padStart(3, "0")}Z`;
}
