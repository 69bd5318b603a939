import type { Book } from "../../services/evaluate/book.ts";
import type { Cell, Evaluation } from "../../services/evaluate/evaluation.ts";
import { readBook } from "../../services/evaluate/readBook.ts";
import { formatFixed } from "../../services/regimes/fixed.ts";
import { loadRegime } from "../../services/regimes/loadRegime.ts";
import type { Level, Program, Term } from "../../services/regimes/program.ts";
import type { Bench, Margined } from "./family.ts";

/** The kernel, or the oracle in its place. */
export type Engine = (program: Program, book: Book) => Evaluation;

/** Compiles a regime, reads the book and margins both on one engine. */
export function benchOf(engine: Engine): Bench {
  const programs = new Map<string, Program>();
  return {
    margin(regime, book, overrides) {
      const known = overrides === undefined ? programs.get(regime) : undefined;
      const program = known ?? loadRegime(regime, overrides);
      if (overrides === undefined) programs.set(regime, program);
      const { main, isolated } = readBook(book, program);
      return {
        ...marginedOf(program, engine(program, main)),
        get isolated() {
          return new Map([...isolated].map(([name, own]) => [name, marginedOf(program, engine(program, own))]));
        },
      };
    },
  };
}

function marginedOf(program: Program, evaluation: Evaluation): Margined {
  const termOf = (name: string): Term => {
    const term = program.terms.find((candidate) => candidate.name === name);
    if (term === undefined) throw new Error(`${program.id} has no term ${name}`);
    return term;
  };
  const columnOf = ({ name, node, set }: Term): readonly Cell[] => {
    if (set >= 0) throw new Error(`${name} of ${program.id} has one value for each scenario; ask for its scenarios`);
    return evaluation.column(node);
  };
  return {
    program,
    evaluation,
    isolated: new Map(),
    value(name) {
      const term = termOf(name);
      const column = columnOf(term);
      if (column.length !== 1) {
        throw new Error(`${name} of ${program.id} has ${column.length} rows (${term.level}); ask for its values`);
      }
      const [cell] = column;
      if (cell === undefined) throw new Error(`${name} of ${program.id} is undefined for this book`);
      return formatFixed(cell);
    },
    values(name) {
      const term = termOf(name);
      const rows = byName(program, evaluation, term.level, columnOf(term));
      return new Map([...rows].flatMap(([row, cell]) => (cell === undefined ? [] : [[row, formatFixed(cell)]])));
    },
    scenarios(name) {
      const term = termOf(name);
      if (term.set < 0) throw new Error(`${name} of ${program.id} is no matter of scenarios; ask for its value`);
      return byName(
        program,
        evaluation,
        term.level,
        evaluation.matrix(term.node).map((row) => [...row]),
      );
    },
  };
}

function byName<Value>({ id }: Program, { rows }: Evaluation, level: Level, values: readonly Value[]) {
  const named = new Map(values.map((value, row) => [rows[level][row]!, value]));
  if (named.size !== values.length) throw new Error(`${id}: rows of level ${level} share a name`);
  return named;
}
