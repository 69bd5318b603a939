// The slow reading of docs/regimes.md: every node of a program, one after the other, for every row.

import type { Book } from "../../../services/evaluate/book.ts";
import type { Cell, Evaluation, MarginState, Verdict } from "../../../services/evaluate/evaluation.ts";
import {
  FIELDS,
  type KeyLevel,
  LEVELS,
  type Level,
  type Node,
  type Program,
} from "../../../services/regimes/program.ts";
import { absolute, add, fromDouble, toDouble, total, truth } from "./decimal.ts";
import { type Nudge, ofCells, ofDoubles } from "./elementwise.ts";
import { factOf } from "./facts.ts";
import { refusalOf } from "./refusal.ts";
import { type Row, rowsOf } from "./rows.ts";
import { overScenarios } from "./scenarios.ts";
import { strategy } from "./strategy.ts";
import { calendarCharge, correlated, type Leg, payoffAt, payoffFloor, spreadCredits } from "./structures.ts";
import { bracket, marginal } from "./tiers.ts";

type Column = readonly Cell[];
type Matrix = readonly Float64Array[];

/**
 * Margins a book under a program.
 *
 * @throws BookRefusedError when equity or a requirement is undefined
 */
export function oracleEvaluate(program: Program, book: Book, nudge?: Nudge): Evaluation {
  const rows = rowsOf(program, book);
  const columns = new Map<number, Column>();
  const matrices = new Map<number, Matrix>();

  const column = (node: number): Column => {
    const found = columns.get(node);
    if (found === undefined) throw new RangeError(`node ${node} is no column`);
    return found;
  };
  const matrix = (node: number): Matrix => {
    const found = matrices.get(node);
    if (found === undefined) throw new RangeError(`node ${node} is no matrix`);
    return found;
  };
  const beneath = (lower: Level, upper: Level, row: number): number[] =>
    rows.levels[lower].flatMap((candidate, number) =>
      (upper === lower ? number : candidate.above[upper]) === row ? [number] : [],
    );

  for (const [number, node] of program.nodes.entries()) {
    const own = rows.levels[node.level];
    if (node.set < 0)
      columns.set(
        number,
        own.map((row, at) => cellOf(node, row, at)),
      );
    else
      matrices.set(
        number,
        own.map((row, at) => scenariosOf(node, row, at)),
      );
  }

  /** Number of the row of an argument's level that a row of the node's takes its value from. */
  function rowAbove(argument: number, row: Row, at: number, level: Level): number {
    const source = program.nodes[argument]!.level;
    return source === level ? at : row.above[source]!;
  }

  function cellOf(node: Node, row: Row, at: number): Cell {
    const { operation, level, index = -1, arguments: given } = node;
    const argument = (place: number): Cell => {
      const source = given[place]!;
      return column(source)[rowAbove(source, row, at, level)];
    };
    const below = (place: number): Cell[] => {
      const source = given[place]!;
      return beneath(program.nodes[source]!.level, level, at).map((number) => column(source)[number]);
    };
    switch (operation) {
      case "constant":
        return node.constant;
      case "field":
        return factOf(FIELDS[index]!.name, rows, book.timeUs)[at];
      case "parameter": {
        const { by, byKey, value } = program.parameters[index]!;
        return lookedUp(byKey, row, level, by) ?? value;
      }
      case "input":
        return inputOf(index, row, level);
      case "widen":
        return argument(0);
      case "total":
      case "highest":
      case "lowest":
      case "count":
      case "any":
        return aggregate(operation, below(0));
      case "worst":
      case "worst_at":
      case "quantile":
      case "tail_mean":
      case "scenario": {
        const constant = given[1] === undefined ? undefined : column(given[1])[0];
        return overScenarios(operation, matrix(given[0]!)[rowAbove(given[0]!, row, at, level)]!, constant);
      }
      case "marginal":
      case "bracket": {
        const tiers = tiersOf(index, row, level);
        if (tiers === undefined) return undefined;
        return operation === "marginal"
          ? marginal(tiers, node.column!, argument(0))
          : bracket(tiers, node.column!, program.tables[index]!.boundary, argument(0));
      }
      case "payoff_floor":
        return payoffFloor(legsOf(level, at, given[0]!));
      case "payoff_at": {
        const [position] = beneath("position", level, at);
        return payoffAt(legsOf("expiry", row.above.expiry!, given[0]!), rows.held[position!]!.instrument.strike);
      }
      case "correlated": {
        const source = program.nodes[given[0]!]!.level;
        const numbers = beneath(source, level, at);
        const keys = numbers.map((number) => keysOf(rows.levels[source][number]!, source));
        return correlated(program.pairTables[index]!, keys, below(0));
      }
      case "spread_credit": {
        const source = program.nodes[given[0]!]!.level;
        const keys = rows.levels[source].map((candidate) => keysOf(candidate, source));
        const worth = program.nodes[given[1]!]!.level;
        const worths = rows.levels[source].map((candidate, number) =>
          worth === source ? column(given[1]!)[number] : column(given[1]!)[candidate.above[worth]!],
        );
        const credits = spreadCredits(program.spreadTables[index]!, keys, column(given[0]!), worths);
        return source === level ? credits[at] : total(beneath(source, level, at).map((number) => credits[number]));
      }
      case "calendar_charge":
        // The rate is one for the underlying; the compiler widens it to the expiries.
        return calendarCharge(below(0), below(1)[0]);
      case "strategy":
        return strategy(
          beneath("position", level, at).map((number) => {
            const [units, alone, rest, covered, shielded] = given.map((source) => {
              const position = rows.levels.position[number]!;
              return column(source)[rowAbove(source, position, number, "position")];
            });
            const { product, strike, expiryUs } = rows.held[number]!.instrument;
            return { product, strike, expiryUs, units, alone, rest, covered, protected: shielded };
          }),
        );
      default: {
        const value = ofCells(
          operation,
          given.map((_, place) => argument(place)),
          nudge,
        );
        if (value === "other") throw new Error(`the oracle has no column operation ${operation}`);
        return value;
      }
    }
  }

  function scenariosOf(node: Node, row: Row, at: number): Float64Array {
    const { operation, level, set, index = -1, arguments: given } = node;
    const { count, attributes } = program.sets[set]!;
    const each = (value: (scenario: number) => number): Float64Array =>
      Float64Array.from({ length: count }, (_, i) => value(i));
    const argument = (place: number): Float64Array => {
      const source = given[place]!;
      return matrix(source)[rowAbove(source, row, at, level)]!;
    };
    switch (operation) {
      case "attribute": {
        const { values } = attributes[index]!;
        if (!(values instanceof Map)) return Float64Array.from(values as readonly number[]);
        const listed = values.get(row.keys.underlying ?? "") ?? values.get("default");
        return listed === undefined ? each(() => Number.NaN) : Float64Array.from(listed);
      }
      case "input": {
        const given = book.inputs.find(({ name }) => name === program.inputs[index]!.name);
        const listed = row.keys[level] === undefined ? undefined : given?.rows.get(row.keys[level]);
        if (listed !== undefined) return Float64Array.from(listed);
        const value = toDouble(inputOf(index, row, level));
        return each(() => value);
      }
      case "widen":
        return argument(0);
      case "spread": {
        const source = given[0]!;
        const value = toDouble(column(source)[rowAbove(source, row, at, level)]);
        return each(() => value);
      }
      case "total":
      case "highest":
      case "lowest":
      case "count":
      case "any": {
        const source = given[0]!;
        const numbers = beneath(program.nodes[source]!.level, level, at);
        return each((scenario) =>
          aggregateDoubles(
            operation,
            numbers.map((number) => matrix(source)[number]![scenario]!),
          ),
        );
      }
      case "marginal":
      case "bracket": {
        const tiers = tiersOf(index, row, level);
        return argument(0).map((value) => {
          if (tiers === undefined) return Number.NaN;
          const x = fromDouble(value);
          return toDouble(
            operation === "marginal"
              ? marginal(tiers, node.column!, x)
              : bracket(tiers, node.column!, program.tables[index]!.boundary, x),
          );
        });
      }
      default: {
        const values = given.map((_, place) => argument(place));
        return each((scenario) => {
          const value = ofDoubles(
            operation,
            values.map((one) => one[scenario]!),
            nudge,
          );
          if (value === "other") throw new Error(`the oracle has no matrix operation ${operation}`);
          return value;
        });
      }
    }
  }

  function legsOf(level: Level, at: number, amounts: number): readonly Leg[] {
    return beneath("position", level, at).map((number) => ({
      instrument: rows.held[number]!.instrument,
      amount: column(amounts)[number],
    }));
  }

  function inputOf(index: number, row: Row, level: Level): Cell {
    const { name, value } = program.inputs[index]!;
    const given = book.inputs.find((input) => input.name === name);
    const key = row.keys[level] ?? row.name;
    return given?.byName.get(key) ?? given?.all ?? value;
  }

  function tiersOf(index: number, row: Row, level: Level) {
    const { by, byKey, value } = program.tables[index]!;
    return lookedUp(byKey, row, level, by) ?? value;
  }

  /** By the row's key; for a unit by its own name, then by its underlying's, where it has only one. */
  function lookedUp<Value>(byKey: ReadonlyMap<string, Value>, row: Row, level: Level, by: KeyLevel) {
    if (by === "account") return undefined;
    const names = by === "unit" ? keysOf(level === by ? row : rows.levels.unit[row.above.unit!]!, by) : [row.keys[by]!];
    return names.map((name) => byKey.get(name)).find((value) => value !== undefined);
  }

  const verdicts = concluded();
  const rowNames = Object.fromEntries(LEVELS.map((level) => [level, rows.levels[level].map(({ name }) => name)]));
  const parents = Object.fromEntries(
    LEVELS.map((level) => {
      const above = rows.levels[level][0]?.above ?? {};
      const names = Object.keys(above) as Level[];
      return [
        level,
        Object.fromEntries(names.map((upper) => [upper, rows.levels[level].map((row) => row.above[upper]!)])),
      ];
    }),
  );
  return {
    rows: rowNames as unknown as Evaluation["rows"],
    parents: parents as unknown as Evaluation["parents"],
    verdicts,
    column,
    matrix,
  };

  function concluded(): readonly Verdict[] {
    const { level, equity, initial, maintenance, bankrupt, liquidating, called } = program.conclusion;
    const known = (node: number, at: number): bigint => {
      const value = column(node)[at];
      if (value === undefined) throw refusalOf({ program, rows, column, matrix, beneath }, node, at);
      return value;
    };
    return rows.levels[level].map((row, at) => {
      const figures = { equity: known(equity, at), initial: known(initial, at), maintenance: known(maintenance, at) };
      const states: readonly (readonly [number, MarginState])[] = [
        [bankrupt, "bankrupt"],
        [liquidating, "liquidating"],
        [called, "called"],
      ];
      const state = states.find(([node]) => known(node, at) !== 0n)?.[1] ?? "healthy";
      return { currency: level === "account" ? program.valuation : row.name, ...figures, state };
    });
  }
}

/** What a row looks for in pairs and spreads: the unit's name, then its underlying's. */
function keysOf(row: Row, level: Level): readonly string[] {
  const { unit, underlying } = row.keys;
  const names = level === "unit" ? [unit, underlying] : [underlying];
  return names.filter((name) => name !== undefined);
}

function aggregate(operation: "total" | "highest" | "lowest" | "count" | "any", values: Column): Cell {
  if (operation === "total") return values.reduce<Cell>(add, 0n);
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length) return undefined;
  switch (operation) {
    case "highest":
      return known.length === 0 ? undefined : known.reduce((most, value) => (value > most ? value : most));
    case "lowest":
      return known.length === 0 ? undefined : known.reduce((least, value) => (value < least ? value : least));
    case "count":
      return truth(true) * BigInt(known.filter((value) => value !== 0n).length);
    case "any":
      return truth(known.some((value) => absolute(value) !== 0n));
  }
}

function aggregateDoubles(
  operation: "total" | "highest" | "lowest" | "count" | "any",
  values: readonly number[],
): number {
  if (values.some((value) => Number.isNaN(value))) return Number.NaN;
  switch (operation) {
    case "total":
      return values.reduce((sum, value) => sum + value, 0);
    case "highest":
      return values.length === 0 ? Number.NaN : Math.max(...values);
    case "lowest":
      return values.length === 0 ? Number.NaN : Math.min(...values);
    case "count":
      return values.filter((value) => value !== 0).length;
    case "any":
      return values.some((value) => value !== 0) ? 1 : 0;
  }
}
