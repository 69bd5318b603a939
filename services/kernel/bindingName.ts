import { type RefusalReason, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";

/** A constraint in words: the name of the refusal that it leads to, in lower case; `reduces` where nothing limits an order. */
export function bindingName(code: number): string {
  if (code === 0) return "reduces";
  return refusalReasonToJSON(code as RefusalReason)
    .replace("REFUSAL_REASON_", "")
    .toLowerCase();
}
