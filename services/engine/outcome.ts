import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { JournalRow } from "../journal/journal.ts";
import { EVENT_KINDS } from "./eventKinds.ts";

/** What an input's row says became of it: code 0 when applied, else the refusal with the value that broke the limit. */
export function outcomeOfRow(row: JournalRow): { code: number; value: bigint; limit: bigint } {
  const applied = { code: 0, value: 0n, limit: 0n };
  if (row.kind !== EVENT_KINDS.inputRefused) return applied;
  const { body } = JournalEvent.decode(row.payload);
  if (body?.$case !== "inputRefused") return applied;
  return { code: body.value.reason, value: body.value.value, limit: body.value.limit };
}
