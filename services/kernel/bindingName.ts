import { type RefusalReason, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";

/** A constraint in words: the name of the refusal that it leads to, in lower case; `reduces` where nothing limits an order. */
export function bindingName(code: number): string {
  const known = NAMES[code];
  if (known !== undefined) return known;
  const name = code === 0 ? "reduces" : nameOf(code);
  NAMES[code] = name;
  return name;
}

const NAMES: string[] = [];

function nameOf(code: number): string {
  return refusalReasonToJSON(code as RefusalReason)
    .replace("REFUSAL_REASON_", "")
    .toLowerCase();
}
