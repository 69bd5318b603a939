// A program in the form that the kernel runs (assembly/regime/format.ts draws it).

import {
  ATTRIBUTE_KEYS,
  ATTRIBUTE_ROWS,
  ATTRIBUTE_SIZE,
  BOOK_INPUTS_MAX,
  GROUP_SIZE,
  INPUT_RECORD_DEFAULT,
  INPUT_RECORD_SIZE,
  LEG_KEY,
  LEG_RATIO,
  LEG_SIZE,
  NO_NUMBER,
  NODE_ARGUMENTS,
  NODE_COLUMN,
  NODE_CONSTANT,
  NODE_FLAGS,
  NODE_INDEX,
  NODE_LEVEL,
  NODE_MARKET_OFFSET,
  NODE_OPERATION,
  NODE_PREPARED,
  NODE_SET,
  NODE_SIZE,
  NODE_STORED,
  PAIR_TABLE_CELLS,
  PAIR_TABLE_KEYS,
  PAIR_TABLE_OTHERWISE,
  PAIR_TABLE_SIZE,
  PARAMETER_CELLS,
  PARAMETER_DEFAULT,
  PARAMETER_KEYS,
  PARAMETER_SIZE,
  PROGRAM_BYTES,
  PROGRAM_CONCLUSION,
  PROGRAM_FORMAT,
  PROGRAM_GROUPS,
  PROGRAM_HEADER_SIZE,
  PROGRAM_INPUTS,
  PROGRAM_LEVEL,
  PROGRAM_MARKET_ROW,
  PROGRAM_NODES,
  PROGRAM_PAIR_TABLES,
  PROGRAM_PARAMETERS,
  PROGRAM_RISK_UNIT,
  PROGRAM_SETS,
  PROGRAM_SPREAD_TABLES,
  PROGRAM_STORED,
  PROGRAM_TABLES,
  PROGRAM_TIMED,
  PROGRAM_WIDEST,
  RISK_UNIT_ACCOUNT,
  RISK_UNIT_GROUP,
  RISK_UNIT_SETTLEMENT,
  RISK_UNIT_UNDERLYING,
  RISK_UNIT_UNDERLYING_SETTLEMENT,
  SCENARIOS_MAX,
  SET_ATTRIBUTES,
  SET_COUNT,
  SET_SIZE,
  SET_WIDTH,
  SPREAD_LEGS,
  SPREAD_RATE,
  SPREAD_SIZE,
  SPREAD_TABLE_SIZE,
  TIER_TABLE_COLUMNS,
  TIER_TABLE_ENDS,
  TIER_TABLE_KEYS,
  TIER_TABLE_LEVEL,
  TIER_TABLE_SIZE,
  TIER_TABLE_TIERS,
  TIERS_CELLS,
  TIERS_ROWS,
  UNIT_CURRENCY_SHIFT,
  UNIT_GROUP_FLAG,
} from "../../assembly/regime/format.ts";
import { nodeFlags } from "./nodeFlags.ts";
import {
  type Attribute,
  FIELDS,
  type FieldName,
  type KeyLevel,
  LEVELS,
  type Node,
  OPERATIONS,
  type PairTable,
  type Parameter,
  type Program,
  type RiskUnit,
  type SpreadTable,
  type Table,
  type Tiers,
} from "./program.ts";
import { ProgramImage } from "./programImage.ts";

/** Numbers that stand for names in the kernel: underlyings below 2^20, currencies below 2^11. */
export interface Numbering {
  underlying(name: string): number;
  currency(name: string): number;
  instrument(name: string): number;
  group(name: string): number;
}

const RISK_UNITS: Record<RiskUnit, number> = {
  underlying: RISK_UNIT_UNDERLYING,
  "underlying-settlement": RISK_UNIT_UNDERLYING_SETTLEMENT,
  settlement: RISK_UNIT_SETTLEMENT,
  account: RISK_UNIT_ACCOUNT,
  group: RISK_UNIT_GROUP,
};

/** Facts that change with the time of the book. */
const TIMED: ReadonlySet<FieldName> = new Set(["seconds", "days", "years", "expired"]);

const CELL = 16;

/** @throws RangeError for a program that is larger than the kernel's tables */
export function encodeProgram(program: Program, numbering: Numbering): Uint8Array {
  if (program.inputs.length > BOOK_INPUTS_MAX) {
    throw new RangeError(`${program.id} has ${program.inputs.length} inputs; the kernel takes ${BOOK_INPUTS_MAX}`);
  }
  const image = new ProgramImage();
  image.reserve(PROGRAM_HEADER_SIZE);
  image.u32(0, PROGRAM_FORMAT);
  image.u32(PROGRAM_RISK_UNIT, RISK_UNITS[program.riskUnit]);
  const keys = new Keys(program, numbering);

  writeSets(image, program, keys);
  const parameters = image.records(PROGRAM_PARAMETERS, program.parameters.length, PARAMETER_SIZE);
  for (const [index, parameter] of program.parameters.entries()) {
    writeParameter(image, parameters + index * PARAMETER_SIZE, parameter, keys);
  }
  const tables = image.records(PROGRAM_TABLES, program.tables.length, TIER_TABLE_SIZE);
  for (const [index, table] of program.tables.entries()) {
    writeTable(image, tables + index * TIER_TABLE_SIZE, table, keys);
  }
  const inputs = image.records(PROGRAM_INPUTS, program.inputs.length, INPUT_RECORD_SIZE);
  for (const [index, { level, set, value }] of program.inputs.entries()) {
    image.u32(inputs + index * INPUT_RECORD_SIZE, LEVELS.indexOf(level));
    image.u32(inputs + index * INPUT_RECORD_SIZE + 4, set < 0 ? NO_NUMBER : set);
    image.cell(inputs + index * INPUT_RECORD_SIZE + INPUT_RECORD_DEFAULT, value);
  }
  // An underlying that no group names is its own group; where a group has its name, it is that one.
  const named = [...new Set(program.groups.values())].map((group) => [group, group] as const);
  const groups = [...new Map([...named, ...program.groups])].map(
    ([underlying, group]) => [numbering.underlying(underlying), keys.unit(group)] as const,
  );
  groups.sort(([one], [other]) => one - other);
  const listed = image.records(PROGRAM_GROUPS, groups.length, GROUP_SIZE);
  for (const [index, [underlying, group]] of groups.entries()) {
    image.u32(listed + index * GROUP_SIZE, underlying);
    image.u32(listed + index * GROUP_SIZE + 4, group);
  }
  writeNodes(image, program, keys);
  writeConclusion(image, program);
  image.u32(PROGRAM_BYTES, image.size);
  return image.bytes();
}

/** Numbers of keys by their level. */
class Keys {
  readonly #program: Program;
  readonly #numbering: Numbering;
  readonly #groups: ReadonlySet<string>;

  constructor(program: Program, numbering: Numbering) {
    this.#program = program;
    this.#numbering = numbering;
    this.#groups = new Set(program.groups.values());
  }

  of(level: KeyLevel, name: string): number {
    switch (level) {
      case "account":
        return 0;
      case "unit":
        return this.unit(name);
      case "underlying":
        return this.#numbering.underlying(name);
      case "currency":
        return this.#numbering.currency(name);
      case "instrument":
        return this.#numbering.instrument(name);
    }
  }

  /** "BTC", "BTC/USDC", a currency or a group, as the risk unit has it. */
  unit(name: string): number {
    switch (this.#program.riskUnit) {
      case "account":
        return name === "account" ? 0 : NO_NUMBER;
      case "settlement":
        return this.#numbering.currency(name);
      case "underlying":
        return this.#numbering.underlying(name);
      case "group":
        if (!this.#groups.has(name)) return this.#numbering.underlying(name);
        return (UNIT_GROUP_FLAG | this.#numbering.group(name)) >>> 0;
      case "underlying-settlement": {
        const slash = name.lastIndexOf("/");
        if (slash < 0) return this.#numbering.underlying(name);
        const currency = this.#numbering.currency(name.slice(slash + 1));
        return this.#numbering.underlying(name.slice(0, slash)) + (currency + 1) * 2 ** UNIT_CURRENCY_SHIFT;
      }
    }
  }

  /** Entries by rising number. */
  sorted<Value>(level: KeyLevel, byKey: ReadonlyMap<string, Value>): readonly (readonly [number, Value])[] {
    const entries = [...byKey].map(([name, value]) => [this.of(level, name), value] as const);
    return entries.sort(([one], [other]) => one - other);
  }
}

function writeSets(image: ProgramImage, { id, sets }: Program, keys: Keys): void {
  const widest = Math.max(0, ...sets.map(({ count }) => count));
  if (widest > SCENARIOS_MAX) throw new RangeError(`${id} has ${widest} scenarios; the kernel takes ${SCENARIOS_MAX}`);
  image.u32(PROGRAM_WIDEST, widest);
  const offset = image.records(PROGRAM_SETS, sets.length, SET_SIZE);
  for (const [index, { count, attributes }] of sets.entries()) {
    const at = offset + index * SET_SIZE;
    image.u32(at + SET_COUNT, count);
    image.u32(at + SET_WIDTH, widthOf(count));
    const records = image.records(at + SET_ATTRIBUTES, attributes.length, ATTRIBUTE_SIZE);
    for (const [number, attribute] of attributes.entries()) {
      writeAttribute(image, records + number * ATTRIBUTE_SIZE, attribute, count, keys);
    }
  }
}

/** Bytes of a row of scenarios: whole vectors of two. */
function widthOf(count: number): number {
  return Math.ceil(count / 2) * CELL;
}

function writeAttribute(image: ProgramImage, at: number, { values }: Attribute, count: number, keys: Keys): void {
  const missing = new Array<number>(count).fill(Number.NaN);
  const byKey = values instanceof Map ? (values as ReadonlyMap<string, readonly number[]>) : undefined;
  const otherwise = byKey === undefined ? (values as readonly number[]) : (byKey.get("default") ?? missing);
  const keyed = keys.sorted("underlying", new Map([...(byKey ?? [])].filter(([key]) => key !== "default")));
  image.u32List(
    at + ATTRIBUTE_KEYS,
    keyed.map(([key]) => key),
  );
  const width = widthOf(count);
  const lists = [otherwise, ...keyed.map(([, list]) => list)];
  const rows = image.reserve(lists.length * width);
  image.u32(at + ATTRIBUTE_ROWS, rows);
  for (const [row, list] of lists.entries()) {
    for (const [scenario, value] of list.entries()) image.f64(rows + row * width + scenario * 8, value);
  }
}

function writeParameter(image: ProgramImage, at: number, { by, value, byKey }: Parameter, keys: Keys): void {
  const keyed = by === "account" ? [] : keys.sorted(by, byKey);
  image.u32List(
    at + PARAMETER_KEYS,
    keyed.map(([key]) => key),
  );
  image.u32(at + PARAMETER_CELLS, image.cells(keyed.map(([, cell]) => cell)));
  image.cell(at + PARAMETER_DEFAULT, value);
}

function writeTable(image: ProgramImage, at: number, { by, boundary, columns, value, byKey }: Table, keys: Keys): void {
  const keyed = by === "account" ? [] : keys.sorted(by, byKey);
  image.u32(at + TIER_TABLE_LEVEL, LEVELS.indexOf(by));
  image.u32(at + TIER_TABLE_ENDS, boundary === "ends" ? 1 : 0);
  image.u32(at + TIER_TABLE_COLUMNS, columns.length);
  image.u32List(
    at + TIER_TABLE_KEYS,
    keyed.map(([key]) => key),
  );
  const offsets = image.reserve((keyed.length + 1) * 4);
  image.u32(at + TIER_TABLE_TIERS, offsets);
  for (const [index, tiers] of [value, ...keyed.map(([, each]) => each)].entries()) {
    if (tiers !== undefined) image.u32(offsets + index * 4, writeTiers(image, tiers));
  }
}

function writeTiers(image: ProgramImage, { from, columns }: Tiers): number {
  const offset = image.reserve(TIERS_CELLS);
  image.u32(offset + TIERS_ROWS, from.length);
  image.cells([...from, ...columns.flat()]);
  return offset;
}

function writePairTable(image: ProgramImage, at: number, table: PairTable, level: KeyLevel, keys: Keys): void {
  image.u32List(
    at + PAIR_TABLE_KEYS,
    table.keys.map((name) => keys.of(level, name)),
  );
  image.u32(at + PAIR_TABLE_CELLS, image.cells(table.values.flat()));
  image.cell(at + PAIR_TABLE_OTHERWISE, table.otherwise);
}

function writeSpreadTable(image: ProgramImage, at: number, table: SpreadTable, level: KeyLevel, keys: Keys): void {
  const spreads = table.spreads.toSorted((one, other) => one.priority - other.priority);
  const offset = image.records(at, spreads.length, SPREAD_SIZE);
  for (const [index, { legs, rate }] of spreads.entries()) {
    const spread = offset + index * SPREAD_SIZE;
    image.cell(spread + SPREAD_RATE, rate);
    const first = image.records(spread + SPREAD_LEGS, legs.length, LEG_SIZE);
    for (const [number, { key, ratio }] of legs.entries()) {
      image.u32(first + number * LEG_SIZE + LEG_KEY, keys.of(level, key));
      image.cell(first + number * LEG_SIZE + LEG_RATIO, ratio);
    }
  }
}

/** Where a network's table stands: once for each level that it is used on, because a name is another number there. */
class NetworkTables<Kind> {
  readonly #places = new Map<string, number>();
  readonly entries: { readonly table: Kind; readonly level: KeyLevel }[] = [];
  readonly #tables: readonly Kind[];

  constructor(tables: readonly Kind[]) {
    this.#tables = tables;
  }

  place(index: number, level: KeyLevel): number {
    const key = `${index} ${level}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.entries.length);
    return this.entries.push({ table: this.#tables[index]!, level }) - 1;
  }
}

function writeNodes(image: ProgramImage, program: Program, keys: Keys): void {
  const { nodes, sets } = program;
  const flags = nodeFlags(program);
  const pairs = new NetworkTables(program.pairTables);
  const credits = new NetworkTables(program.spreadTables);
  const stored: number[] = [];
  let marketRow = 0;
  const offset = image.records(PROGRAM_NODES, nodes.length, NODE_SIZE);
  for (const [number, node] of nodes.entries()) {
    const at = offset + number * NODE_SIZE;
    image.u16(at + NODE_OPERATION, OPERATIONS.indexOf(node.operation));
    image.u8(at + NODE_LEVEL, LEVELS.indexOf(node.level));
    image.u8(at + NODE_FLAGS, flags[number]!);
    image.u32(at + NODE_SET, node.set < 0 ? NO_NUMBER : node.set);
    image.u32List(at + NODE_ARGUMENTS, node.arguments);
    image.u32(at + NODE_INDEX, indexOf(node, nodes, pairs, credits));
    image.u32(at + NODE_COLUMN, node.column ?? NO_NUMBER);
    image.cell(at + NODE_CONSTANT, node.constant);
    if ((flags[number]! & NODE_STORED) === 0) continue;
    stored.push(number);
    image.u32(at + NODE_MARKET_OFFSET, marketRow);
    marketRow += node.set < 0 ? CELL : widthOf(sets[node.set]!.count);
  }
  image.u32(PROGRAM_MARKET_ROW, marketRow);
  const isTimed = ({ operation, index = 0 }: Node): boolean => operation === "field" && TIMED.has(FIELDS[index]!.name);
  const timed = nodes.some((node, number) => (flags[number]! & NODE_PREPARED) !== 0 && isTimed(node));
  image.u32(PROGRAM_TIMED, timed ? 1 : 0);
  image.u32List(PROGRAM_STORED, stored);

  const pairTables = image.records(PROGRAM_PAIR_TABLES, pairs.entries.length, PAIR_TABLE_SIZE);
  for (const [index, { table, level }] of pairs.entries.entries()) {
    writePairTable(image, pairTables + index * PAIR_TABLE_SIZE, table, level, keys);
  }
  const spreadTables = image.records(PROGRAM_SPREAD_TABLES, credits.entries.length, SPREAD_TABLE_SIZE);
  for (const [index, { table, level }] of credits.entries.entries()) {
    writeSpreadTable(image, spreadTables + index * SPREAD_TABLE_SIZE, table, level, keys);
  }
}

function indexOf(
  { operation, index = NO_NUMBER, arguments: given }: Node,
  nodes: readonly Node[],
  pairs: NetworkTables<PairTable>,
  credits: NetworkTables<SpreadTable>,
): number {
  if (operation !== "correlated" && operation !== "spread_credit") return index;
  const level = nodes[given[0]!]!.level as KeyLevel;
  return operation === "correlated" ? pairs.place(index, level) : credits.place(index, level);
}

function writeConclusion(image: ProgramImage, { conclusion }: Program): void {
  const { level, equity, initial, maintenance, called, liquidating, bankrupt } = conclusion;
  image.u32(PROGRAM_LEVEL, LEVELS.indexOf(level));
  for (const [index, node] of [equity, initial, maintenance, called, liquidating, bankrupt].entries()) {
    image.u32(PROGRAM_CONCLUSION + index * 4, node);
  }
}
