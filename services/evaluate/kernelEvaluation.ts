// Margins a given book by the kernel that margins live accounts.

import { STATE_BANKRUPT, STATE_CALLED, STATE_HEALTHY, STATE_LIQUIDATING } from "../../assembly/memory/layout.ts";
import {
  DIRECTORY_ARENA,
  DIRECTORY_ARENA_END,
  DIRECTORY_MAP_BYTES,
  DIRECTORY_MAPS,
  DIRECTORY_REFUSAL,
  DIRECTORY_RESULTS,
  DIRECTORY_ROWS,
  DIRECTORY_VERDICTS,
  EVALUATE_ALL,
  PROGRAM_SLOTS,
  REGIME_DONE,
  REGIME_STORE_FULL,
  RESULT_ADDRESS,
  RESULT_MAP,
  RESULT_ROW_BYTES,
  RESULT_SIZE,
  RESULT_STEP,
  VERDICT_EQUITY,
  VERDICT_INITIAL,
  VERDICT_MAINTENANCE,
  VERDICT_SIZE,
  VERDICT_STATE,
} from "../../assembly/regime/format.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { encodeProgram, type Numbering } from "../regimes/encodeProgram.ts";
import { levelsOf } from "../regimes/levels.ts";
import { LEVELS, type Level, type Program } from "../regimes/program.ts";
import type { Book } from "./book.ts";
import { type WrittenBook, writeBook } from "./bookWriter.ts";
import type { Cell, Evaluation, MarginState, Verdict } from "./evaluation.ts";
import { kernelRefusal } from "./kernelRefusal.ts";
import { GATHERED_LEVELS } from "./rowNames.ts";

const STATES: ReadonlyMap<number, MarginState> = new Map([
  [STATE_HEALTHY, "healthy"],
  [STATE_CALLED, "called"],
  [STATE_LIQUIDATING, "liquidating"],
  [STATE_BANKRUPT, "bankrupt"],
]);
const UNDEFINED_HIGH = -(1n << 63n);

const machines = new WeakMap<Kernel, BookMachine>();

/**
 * Margins one book: isolated positions are split off before (readBook.ts). The kernel must not be one that margins accounts
 * at the same time: programs take its slots.
 *
 * What comes out stays readable after other books; a column that is asked for then is computed again.
 * @throws BookRefusedError naming the first fact that is missing
 */
export function evaluateInKernel(kernel: Kernel, program: Program, book: Book): Evaluation {
  const machine = machines.get(kernel) ?? new BookMachine(kernel);
  machines.set(kernel, machine);
  return machine.evaluate(program, book);
}

/** Names get numbers as they are met. */
class BookNumbering implements Numbering {
  readonly #underlyings = new Map<string, number>();
  readonly #currencies = new Map<string, number>();
  readonly #instruments = new Map<string, number>();
  readonly #groups = new Map<string, number>();

  underlying(name: string): number {
    return numberOf(this.#underlyings, name);
  }

  currency(name: string): number {
    return numberOf(this.#currencies, name);
  }

  instrument(name: string): number {
    return numberOf(this.#instruments, name);
  }

  group(name: string): number {
    return numberOf(this.#groups, name);
  }
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, numbers.size);
  return numbers.size - 1;
}

/** A kernel as a machine for given books. */
class BookMachine {
  readonly #kernel: Kernel;
  readonly #directory: number;
  readonly #numberings = new WeakMap<Program, Numbering>();
  /** Slot by program, the least lately used first. */
  readonly #slots = new Map<Program, number>();
  /** The evaluation whose results stand in the kernel. */
  #newest: object | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#directory = kernel.exports.regimeDirectory();
    if (this.#directory === 0) throw new Error("this kernel was made without room for margin regimes");
  }

  evaluate(program: Program, book: Book): Evaluation {
    const written = this.#run(program, book);
    const rows = this.#rows(written);
    const parents = this.#parents(program, rows);
    const verdicts = this.#verdicts(program, rows);
    const evaluation = {
      rows,
      parents,
      verdicts,
      column: (node: number): readonly Cell[] => {
        this.#revive(evaluation, program, book);
        return this.#column(program, rows, node);
      },
      matrix: (node: number): readonly Float64Array[] => {
        this.#revive(evaluation, program, book);
        return this.#matrix(program, rows, node);
      },
    };
    this.#newest = evaluation;
    return evaluation;
  }

  /** Margins the book again when another was margined since. */
  #revive(evaluation: object, program: Program, book: Book): void {
    if (this.#newest === evaluation) return;
    this.#run(program, book);
    this.#newest = evaluation;
  }

  #run(program: Program, book: Book): WrittenBook {
    this.#newest = undefined;
    const slot = this.#slotOf(program);
    const written = writeBook(this.#kernel, program, book, this.#numberings.get(program)!);
    const code = this.#kernel.exports.evaluateBook(slot, EVALUATE_ALL);
    if (code === REGIME_DONE) return written;
    const firstPosition = (level: Level, row: number): number => this.#map("position", level).indexOf(row);
    const refusal = this.#address(DIRECTORY_REFUSAL);
    throw kernelRefusal(this.#kernel, refusal, program, written, this.#rows(written), firstPosition);
  }

  #slotOf(program: Program): number {
    const known = this.#slots.get(program);
    if (known !== undefined) {
      this.#slots.delete(program);
      this.#slots.set(program, known);
      return known;
    }
    const numbering = this.#numberings.get(program) ?? new BookNumbering();
    this.#numberings.set(program, numbering);
    const image = encodeProgram(program, numbering);
    const slot = this.#slots.size < PROGRAM_SLOTS ? this.#freeSlot() : this.#evict();
    let code = this.#install(slot, image);
    while (code === REGIME_STORE_FULL && this.#slots.size > 0) {
      this.#evict();
      code = this.#install(slot, image);
    }
    if (code !== REGIME_DONE) {
      throw new RangeError(`${program.id} takes ${image.length} bytes, more than the kernel keeps (code ${code})`);
    }
    this.#slots.set(program, slot);
    return slot;
  }

  #freeSlot(): number {
    const taken = new Set(this.#slots.values());
    let slot = 0;
    while (taken.has(slot)) slot++;
    return slot;
  }

  /** Empties the slot of the program that was not used for longest. */
  #evict(): number {
    const [program, slot] = this.#slots.entries().next().value!;
    this.#slots.delete(program);
    this.#kernel.exports.installProgram(slot, 0);
    return slot;
  }

  #install(slot: number, image: Uint8Array): number {
    const arena = this.#address(DIRECTORY_ARENA);
    if (image.length > this.#address(DIRECTORY_ARENA_END) - arena) return REGIME_STORE_FULL;
    this.#kernel.bytes.set(image, arena);
    return this.#kernel.exports.installProgram(slot, image.length);
  }

  #address(entry: number): number {
    return this.#kernel.u32[(this.#directory + entry) / 4]!;
  }

  #rowCount(level: Level): number {
    return this.#kernel.u32[this.#address(DIRECTORY_ROWS) / 4 + LEVELS.indexOf(level)]!;
  }

  /** The row above, for each row; an instrument's rows are those of positions. */
  #map(level: Level, above: Level): readonly number[] {
    const count = this.#rowCount(level);
    const from = level === "instrument" ? "position" : level;
    const to = above === "instrument" ? "position" : above;
    if (to === "account") return new Array<number>(count).fill(0);
    if (from === to) return Array.from({ length: count }, (_, row) => row);
    const number = LEVELS.indexOf(from) * LEVELS.length + LEVELS.indexOf(to);
    const start = (this.#address(DIRECTORY_MAPS) + number * this.#address(DIRECTORY_MAP_BYTES)) / 4;
    return [...this.#kernel.u32.subarray(start, start + count)];
  }

  #rows({ positions, orders, currencies, nameOf }: WrittenBook): Evaluation["rows"] {
    const instruments = positions.map(({ instrument }) => instrument.name);
    const gathered = GATHERED_LEVELS.map((level) => {
      const names: string[] = [];
      for (const [position, row] of this.#map("position", level).entries()) {
        names[row] ??= nameOf(level, positions[position]!.instrument);
      }
      return [level, names] as const;
    });
    const number = new Map<number, number>();
    const rows: Evaluation["rows"] = {
      account: ["account"],
      ...(Object.fromEntries(gathered) as Record<(typeof GATHERED_LEVELS)[number], string[]>),
      position: instruments,
      instrument: instruments,
      order: orders.map(({ order, position }) => {
        number.set(position, (number.get(position) ?? 0) + 1);
        return `${instruments[position]} ${order.buy ? "buy" : "sell"} ${number.get(position)}`;
      }),
      currency: currencies.map(({ name }) => name),
    };
    return Object.fromEntries(LEVELS.map((level) => [level, rows[level]])) as Evaluation["rows"];
  }

  #parents({ riskUnit }: Program, rows: Evaluation["rows"]): Evaluation["parents"] {
    const { isAbove } = levelsOf(riskUnit);
    const ofLevel = (level: Level) => {
      // Facts of an instrument do not reach down to expiries, but each has one.
      const below = level === "instrument" ? "position" : level;
      const above = LEVELS.filter((upper) => upper !== level && isAbove(upper, below) && rows[level].length > 0);
      return Object.fromEntries(above.map((upper) => [upper, this.#map(level, upper)]));
    };
    return Object.fromEntries(LEVELS.map((level) => [level, ofLevel(level)])) as Evaluation["parents"];
  }

  #verdicts({ conclusion, valuation }: Program, rows: Evaluation["rows"]): readonly Verdict[] {
    const start = this.#address(DIRECTORY_VERDICTS);
    return rows[conclusion.level].map((name, row) => {
      const at = start + row * VERDICT_SIZE;
      return {
        currency: conclusion.level === "account" ? valuation : name,
        equity: this.#cell(at + VERDICT_EQUITY)!,
        initial: this.#cell(at + VERDICT_INITIAL)!,
        maintenance: this.#cell(at + VERDICT_MAINTENANCE)!,
        state: STATES.get(this.#kernel.u32[(at + VERDICT_STATE) / 4]!)!,
      };
    });
  }

  #cell(at: number): Cell {
    const high = this.#kernel.i64[at / 8 + 1]!;
    return high === UNDEFINED_HIGH ? undefined : (high << 64n) | BigInt.asUintN(64, this.#kernel.i64[at / 8]!);
  }

  /** Addresses of a node's rows, and how far apart its scenarios are. */
  #result(node: number, rows: number): { readonly at: readonly number[]; readonly step: number } {
    const { u32 } = this.#kernel;
    const record = this.#address(DIRECTORY_RESULTS) + node * RESULT_SIZE;
    const [address, rowBytes, map, step] = [RESULT_ADDRESS, RESULT_ROW_BYTES, RESULT_MAP, RESULT_STEP].map(
      (field) => u32[(record + field) / 4]!,
    ) as [number, number, number, number];
    if (address === 0) throw new RangeError(`node ${node} was not evaluated`);
    const stored = (row: number): number => (map === 0 ? row : u32[map / 4 + row]!);
    return { at: Array.from({ length: rows }, (_, row) => address + stored(row) * rowBytes), step };
  }

  #column({ nodes }: Program, rows: Evaluation["rows"], node: number): readonly Cell[] {
    const { level, set } = nodes[node] ?? {};
    if (level === undefined || set !== -1) throw new RangeError(`node ${node} is no column`);
    return this.#result(node, rows[level].length).at.map((at) => this.#cell(at));
  }

  #matrix(program: Program, rows: Evaluation["rows"], node: number): readonly Float64Array[] {
    const { level, set, operation, arguments: given } = program.nodes[node] ?? {};
    const count = set === undefined ? undefined : program.sets[set]?.count;
    if (level === undefined || count === undefined) throw new RangeError(`node ${node} is no matrix`);
    if (this.#isFused(node, operation)) {
      const [left, right] = given!.map((argument) => this.#matrix(program, rows, argument));
      return left!.map((factors, row) => factors.map((factor, scenario) => finite(factor * right![row]![scenario]!)));
    }
    const { at, step } = this.#result(node, rows[level].length);
    const { f64 } = this.#kernel;
    return at.map((address) =>
      Float64Array.from({ length: count }, (_, scenario) => f64[(address + scenario * step) / 8]!),
    );
  }

  /** A product that the kernel summed without writing it down. */
  #isFused(node: number, operation: string | undefined): boolean {
    if (operation !== "multiply") return false;
    return this.#kernel.u32[(this.#address(DIRECTORY_RESULTS) + node * RESULT_SIZE + RESULT_ADDRESS) / 4] === 0;
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}
