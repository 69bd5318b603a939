import { type RefusalReason, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";

const NAMES = new Map<number, string>([[0, "reduces"]]);

/** A constraint in words: the name of the refusal that it leads to, in lower case; `reduces` where nothing limits an order. */
export function bindingName(code: number): string {
  const known = NAMES.get(code);
  if (known !== undefined) return known;
  const name = refusalReasonToJSON(code as RefusalReason)
    .replace("REFUSAL_REASON_", "")
    .toLowerCase();
  NAMES.set(code, name);
  return name;
}
