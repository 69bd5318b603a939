// Why a value is undefined: back through the arguments in their order, to the first fact that is missing.

import { BookRefusedError, type Cell } from "../../../services/evaluate/evaluation.ts";
import { FIELDS, type FieldName, type Level, type Program } from "../../../services/regimes/program.ts";
import type { Row, Rows } from "./rows.ts";

export interface Values {
  readonly program: Program;
  readonly rows: Rows;
  column(node: number): readonly Cell[];
  matrix(node: number): readonly Float64Array[];
  /** Numbers of the rows of a lower level that lie beneath a row. */
  beneath(lower: Level, upper: Level, row: number): readonly number[];
}

/** One value: of a column's row, or of a matrix's row in one scenario. */
interface Place {
  readonly node: number;
  readonly row: number;
  readonly scenario: number;
}

/** @returns the error that names what is missing for a column's row, which must be undefined */
export function refusalOf(values: Values, node: number, row: number): BookRefusedError {
  let place: Place = { node, row, scenario: 0 };
  for (let next = before(values, place); next !== undefined; next = before(values, place)) place = next;
  return told(values, place);
}

/** The first undefined value among those that a value was computed from. */
function before(values: Values, { node, row, scenario }: Place): Place | undefined {
  const { operation, arguments: given, set } = values.program.nodes[node]!;
  const find = (argument: number) => undefinedAmong(values, node, argument, row, set < 0 ? undefined : scenario);
  if (operation !== "choose") return given.map(find).find((place) => place !== undefined);
  const [condition, then, otherwise] = given as [number, number, number];
  const isTrue = set < 0 ? values.column(condition)[row] !== 0n : values.matrix(condition)[row]![scenario] !== 0;
  return find(condition) ?? find(isTrue ? then : otherwise);
}

/** In the argument's same row, the row above, or the rows beneath; for a reduction in any scenario. */
function undefinedAmong(
  { program, rows, column, matrix, beneath }: Values,
  node: number,
  argument: number,
  row: number,
  scenario: number | undefined,
): Place | undefined {
  const [{ level }, source] = [program.nodes[node]!, program.nodes[argument]!];
  const above = rows.levels[level][row]!.above[source.level];
  const candidates = source.level === level ? [row] : above !== undefined ? [above] : beneath(source.level, level, row);
  for (const candidate of candidates) {
    if (source.set < 0) {
      if (column(argument)[candidate] === undefined) return { node: argument, row: candidate, scenario: 0 };
      continue;
    }
    const cells = matrix(argument)[candidate]!;
    const at = scenario === undefined ? cells.findIndex(Number.isNaN) : Number.isNaN(cells[scenario]) ? scenario : -1;
    if (at >= 0) return { node: argument, row: candidate, scenario: at };
  }
  return undefined;
}

/** Where a giver would write the fact: one that follows from others is named by what it follows from. */
function placeOfFact(name: FieldName, row: Row, at: number, { rows }: Values): string {
  const { keys } = row;
  const held = rows.held.find(({ instrument }) => instrument.name === keys.instrument)!;
  const of = (place: string) => `instruments.${keys.instrument}.${place}`;
  switch (name) {
    case "price":
    case "balance":
      return `currencies.${keys.currency}.${name}`;
    case "index":
      return `underlyings.${keys.underlying}.index`;
    case "order_price":
      return `orders[${rows.orders[at]!.number}].price`;
    case "entry":
    case "leverage":
    case "posted":
      return `positions.${keys.instrument}.${name}`;
    case "seconds":
    case "days":
    case "years":
      return of("expiry");
    case "unit_value":
    case "value":
    case "notional":
      return held.instrument.mark === undefined ? of("mark") : `positions.${keys.instrument}.${name}`;
    case "profit":
      if (held.instrument.mark === undefined) return of("mark");
      return `positions.${keys.instrument}.${held.entry === undefined ? "entry" : "profit"}`;
    default:
      return of(name);
  }
}

function told(values: Values, { node, row }: Place): BookRefusedError {
  const { program, rows } = values;
  const { operation, level, index = 0 } = program.nodes[node]!;
  const own = rows.levels[level][row]!;
  const need = `${program.id} needs it, and the book does not give it`;
  switch (operation) {
    case "field":
      return new BookRefusedError("missing-fact", placeOfFact(FIELDS[index]!.name, own, row, values), need);
    case "input":
      return new BookRefusedError("missing-input", `inputs.${program.inputs[index]!.name}.${own.name}`, need);
    case "parameter": {
      const place = `parameters.${program.parameters[index]!.name}`;
      return new BookRefusedError("missing-parameter", place, `${program.id} has no value for ${own.name}`);
    }
    default: {
      const name = program.terms.find((term) => term.node === node)?.name ?? operation;
      return new BookRefusedError("undefined-value", `${name}.${own.name}`, "has no value for these facts");
    }
  }
}
