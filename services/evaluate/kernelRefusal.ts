// What the kernel refused a book for, in words: the fact that is missing, or the term that has no value.

import {
  REFUSAL_CODE,
  REFUSAL_NODE,
  REFUSAL_ROW,
  REGIME_ARENA_FULL,
  REGIME_OPERATION_UNKNOWN,
  REGIME_UNDEFINED,
} from "../../assembly/regime/format.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { FIELDS, type FieldName, type Level, type Program } from "../regimes/program.ts";
import type { WrittenBook } from "./bookWriter.ts";
import { BookRefusedError, type Evaluation } from "./evaluation.ts";
import type { HeldPosition } from "./heldPositions.ts";

/**
 * @param refusal address of the kernel's record
 * @param firstPosition the first position of a row of the level
 */
export function kernelRefusal(
  kernel: Kernel,
  refusal: number,
  program: Program,
  written: WrittenBook,
  rows: Evaluation["rows"],
  firstPosition: (level: Level, row: number) => number,
): BookRefusedError {
  const code = kernel.u32[(refusal + REFUSAL_CODE) / 4]!;
  const number = kernel.u32[(refusal + REFUSAL_NODE) / 4]!;
  const row = kernel.u32[(refusal + REFUSAL_ROW) / 4]!;
  if (code === REGIME_ARENA_FULL) {
    return new BookRefusedError("too-large", "book", "its scenarios are larger than the kernel's memory for a book");
  }
  if (code === REGIME_OPERATION_UNKNOWN) {
    throw new Error(`the kernel has no operation ${program.nodes[number]?.operation}`);
  }
  if (code !== REGIME_UNDEFINED) throw new Error(`the kernel answers with code ${code} for ${program.id}`);

  const { operation, level, index = 0 } = program.nodes[number]!;
  const name = rows[level][row]!;
  switch (operation) {
    case "field":
      return new BookRefusedError(
        "missing-fact",
        placeOfField(FIELDS[index]!.name, level === "underlying" ? firstPosition(level, row) : row, written),
        `${program.id} needs it, and the book does not give it`,
      );
    case "parameter":
      return new BookRefusedError(
        "missing-parameter",
        `parameters.${program.parameters[index]!.name}`,
        `${program.id} has no value for ${name}`,
      );
    case "input":
      return new BookRefusedError(
        "missing-input",
        `inputs.${program.inputs[index]!.name}.${name}`,
        `${program.id} needs it, and the book does not give it`,
      );
    default: {
      const term = program.terms.find(({ node }) => node === number)?.name ?? operation;
      return new BookRefusedError("undefined-value", `${term}.${name}`, "has no value for these facts");
    }
  }
}

/** Where a giver would write the fact that is missing: what is derived is named by what it is derived from. `row`: of the order,
 * of the currency, or else of a position. */
function placeOfField(field: FieldName, row: number, { book, positions, orders, currencies }: WrittenBook): string {
  switch (field) {
    case "price":
    case "balance":
      return `currencies.${currencies[row]!.name}.${field}`;
    case "order_price":
    case "order_quantity":
      return `orders[${book.orders.indexOf(orders[row]!.order)}].${field === "order_price" ? "price" : "quantity"}`;
    default:
  }
  const position = positions[row]!;
  const { name, underlying, mark, expiryUs } = position.instrument;
  const ofInstrument = (fact: string): string => `instruments.${name}.${fact}`;
  switch (field) {
    case "index":
      return `underlyings.${underlying}.index`;
    case "seconds":
    case "days":
    case "years":
      return ofInstrument(expiryUs === undefined ? "expiry" : field);
    case "unit_value":
    case "value":
    case "notional":
      return mark === undefined ? ofInstrument("mark") : `positions.${name}.${field}`;
    case "profit":
      return profitPlace(position);
    case "entry":
    case "leverage":
    case "posted":
      return `positions.${name}.${field}`;
    default:
      return ofInstrument(field);
  }
}

function profitPlace({ instrument: { name, mark }, entry }: HeldPosition): string {
  if (mark === undefined) return `instruments.${name}.mark`;
  return `positions.${name}.${entry === undefined ? "entry" : "profit"}`;
}
