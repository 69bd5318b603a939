import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { VERSION_FIELD } from "../../journal/upcast.ts";
import type { Output } from "./machine.ts";
import type { Body, RecordedNames } from "./names.ts";
import { CONSEQUENCES, type Figure, ORDER_FIGURES, OUTCOMES, typed } from "./rowFigures.ts";

const writer = new BinaryWriter();
const REGIME_SET = 16;
const ORDER_REQUESTS = new Set([26, 27, 28]);

/** The payload that an input must have, given what the kernel says became of it; undefined: it may not be so at all. */
export function inputPayload(recorded: JournalEvent, output: Output, names: RecordedNames): Uint8Array | undefined {
  const body = recorded.body!;
  const refused = body.$case === "inputRefused" || body.$case === "recordQuarantined";
  if (refused !== (output.code !== 0)) return undefined;
  const value = { ...body.value, ...(refused ? refusal(body, output) : applied(body, output, names)) };
  return encoded({ ...recorded, version: VERSION_FIELD, body: { $case: body.$case, value } as Body });
}

/** The payload of what followed from an input. */
export function consequencePayload(output: Output): Uint8Array | undefined {
  const schema = CONSEQUENCES.get(output.kind);
  if (schema === undefined) return undefined;
  const body = { $case: schema.event, value: figuresOf(schema.figures, output) };
  return encoded({ source: 0, sourceOffset: 0n, version: VERSION_FIELD, body: body as unknown as Body });
}

function encoded(event: JournalEvent): Uint8Array {
  return JournalEvent.encode(event, writer).finish();
}

function applied(body: Body, output: Output, names: RecordedNames): object {
  const schema = OUTCOMES.get(output.kind);
  if (schema === undefined) return names.numbersOf(body);
  const figures = figuresOf(schema.figures, output);
  return schema.order === undefined ? figures : { ...figures, figures: orderFigures(output) };
}

function refusal(body: Body, output: Output): object {
  const { kind, code: reason } = output;
  if (body.$case !== "inputRefused") return { reason };
  // See feed.ts: a refused document's numbers are those of the host that compiled it.
  const numbers = kind === REGIME_SET ? {} : figuresOf(OUTCOMES.get(60)!.figures, output);
  return { reason, ...numbers, figures: ORDER_REQUESTS.has(kind) ? orderFigures(output) : undefined };
}

/** What the check of an order found; undefined when nothing was looked at. */
function orderFigures(output: Output): object | undefined {
  const figures = figuresOf(ORDER_FIGURES, output);
  return Object.values(figures).some(Boolean) ? figures : undefined;
}

function figuresOf(figures: readonly Figure[], output: Output): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, , type, place] of figures) {
    value[name] = typed(type, typeof place === "number" ? output.value(place) : BigInt(output[place]));
  }
  return value;
}
