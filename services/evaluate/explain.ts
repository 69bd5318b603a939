import type { Fixed, Level, Node, Program, Term } from "../regimes/program.ts";
import { describeNode } from "./describeNode.ts";
import type { Cell, Evaluation, Verdict } from "./evaluation.ts";

/** How a figure follows from its parts. */
export type Rule =
  /** The parts, with their signs, add up to it exactly. */
  | "sum"
  | "greatest"
  | "least"
  | "product"
  /** The lowest value of a scenario grid. */
  | "worst scenario"
  /** By its formula from the parts named. */
  | "formula";

/** What a figure is made of: another figure of this explanation, a fact of the book, a parameter, or an expression. */
export interface Part {
  readonly kind: "term" | "fact" | "parameter" | "number" | "expression";
  readonly name: string;
  /** Which row it was taken from. */
  readonly row: string;
  readonly value: Cell;
  /** -1 where a sum subtracts it. */
  readonly sign: 1 | -1;
  /** Of a greatest or least: the one that counts. */
  readonly counts: boolean;
  /** Where a parameter comes from. */
  readonly source: string | undefined;
}

/** One value of one term. */
export interface Figure {
  readonly term: string;
  readonly level: Level;
  readonly row: string;
  readonly value: Cell;
  readonly measure: string;
  readonly clause: string;
  readonly source: string;
  readonly formula: string;
  readonly rule: Rule;
  readonly parts: readonly Part[];
}

/** One row of a matrix term: a value for each scenario. */
export interface ScenarioTable {
  readonly term: string;
  readonly row: string;
  readonly clause: string;
  readonly measure: string;
  readonly set: string;
  readonly attributes: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly values: readonly number[];
  /** The first scenario with the lowest value. */
  readonly worst: number;
}

export interface Explanation {
  readonly regime: {
    readonly id: string;
    readonly venue: string;
    readonly title: string;
    readonly vintage: string;
    readonly valuation: string;
    readonly sources: Program["sources"];
  };
  readonly verdicts: readonly Verdict[];
  /** Names of the terms that are equity, initial and maintenance margin; an expression where the document names none. */
  readonly conclusion: { readonly equity: string; readonly initial: string; readonly maintenance: string };
  /** Every term of the document that is a column, in the document's order, row by row. */
  readonly figures: readonly Figure[];
  /** Every matrix above the single instrument: what the account's risk units lose and gain in each scenario. */
  readonly tables: readonly ScenarioTable[];
  readonly reports: readonly string[];
}

/** Writes down how every figure of an evaluation came about. Sums of parts are exact. */
export function explain(program: Program, evaluation: Evaluation): Explanation {
  const derive = new Derivation(program, evaluation);
  const nameOf = (node: number) => derive.termOf(node)?.name ?? describeNode(program, node);
  const { equity, initial, maintenance } = program.conclusion;
  return {
    regime: {
      id: program.id,
      venue: program.venue,
      title: program.title,
      vintage: program.vintage,
      valuation: program.valuation,
      sources: program.sources,
    },
    verdicts: evaluation.verdicts,
    conclusion: { equity: nameOf(equity), initial: nameOf(initial), maintenance: nameOf(maintenance) },
    figures: program.terms.filter(({ set }) => set < 0).flatMap((term) => derive.figures(term)),
    tables: program.terms.filter(isAccountMatrix).flatMap((term) => scenarioTables(program, evaluation, term)),
    reports: program.reports,
  };
}

function isAccountMatrix({ set, level }: Term): boolean {
  return set >= 0 && level !== "instrument" && level !== "position" && level !== "order";
}

function scenarioTables(program: Program, evaluation: Evaluation, term: Term): ScenarioTable[] {
  const set = program.sets[term.set]!;
  return evaluation.matrix(term.node).map((values, row) => ({
    term: term.name,
    row: evaluation.rows[term.level][row]!,
    clause: term.clause,
    measure: term.measure,
    set: set.name,
    attributes: set.attributes.flatMap((attribute) =>
      Array.isArray(attribute.values) ? [{ name: attribute.name, values: attribute.values as readonly number[] }] : [],
    ),
    values: [...values],
    worst: lowestAt(values),
  }));
}

function lowestAt(values: Float64Array): number {
  let lowest = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! < values[lowest]!) lowest = index;
  return lowest;
}

/** Walks the nodes of one evaluation. */
class Derivation {
  readonly #program: Program;
  readonly #evaluation: Evaluation;
  readonly #terms = new Map<number, Term>();

  constructor(program: Program, evaluation: Evaluation) {
    this.#program = program;
    this.#evaluation = evaluation;
    for (const term of program.terms) if (!this.#terms.has(term.node)) this.#terms.set(term.node, term);
  }

  termOf(node: number): Term | undefined {
    return this.#terms.get(node);
  }

  figures(term: Term): Figure[] {
    return this.#evaluation.column(term.node).map((value, row) => {
      const { rule, parts } = this.#derive(term.node, row);
      return {
        term: term.name,
        level: term.level,
        row: this.#rowName(term.node, row),
        value,
        measure: term.measure,
        clause: term.clause,
        source: term.source,
        formula: term.formula,
        rule,
        parts,
      };
    });
  }

  #node(number: number): Node {
    return this.#program.nodes[number]!;
  }

  #rowName(node: number, row: number): string {
    return this.#evaluation.rows[this.#node(node).level][row] ?? "";
  }

  #derive(number: number, row: number): { rule: Rule; parts: Part[] } {
    const node = this.#node(number);
    switch (node.operation) {
      case "add":
      case "subtract":
      case "negate":
      case "total":
        return { rule: "sum", parts: this.#summands(number, row, 1, true) };
      case "maximum":
      case "minimum": {
        const parts = this.#operands(number, row, node.operation);
        const value = this.#value(number, row);
        const counts = parts.findIndex((part) => part.value === value);
        return {
          rule: node.operation === "maximum" ? "greatest" : "least",
          parts: parts.map((part, index) => ({ ...part, counts: index === counts })),
        };
      }
      case "multiply":
        return { rule: "product", parts: this.#operands(number, row, "multiply") };
      case "worst":
        return { rule: "worst scenario", parts: node.arguments.map((argument) => this.#part(argument, row, 1)) };
      case "choose": {
        const chosen = this.#chosen(node, row);
        if (chosen === undefined || this.#terms.has(chosen)) {
          return { rule: "formula", parts: this.#mentioned(number, row) };
        }
        return this.#derive(chosen, row);
      }
      default:
        return { rule: "formula", parts: this.#mentioned(number, row) };
    }
  }

  /** The branch that a condition chose; undefined where the condition is. */
  #chosen(node: Node, row: number): number | undefined {
    const condition = this.#value(node.arguments[0]!, row);
    if (condition === undefined) return undefined;
    return condition !== 0n ? node.arguments[1] : node.arguments[2];
  }

  /** Operands of nested minima, maxima or products, flat. */
  #operands(number: number, row: number, operation: Node["operation"]): Part[] {
    return this.#node(number).arguments.flatMap((argument) =>
      this.#node(argument).operation === operation && !this.#terms.has(argument)
        ? this.#operands(argument, row, operation)
        : [this.#part(argument, row, 1)],
    );
  }

  /** What adds up to a node: sums are opened down to terms, zero parts of totals are left out. */
  #summands(number: number, row: number, sign: 1 | -1, first = false): Part[] {
    const node = this.#node(number);
    if (!first && this.#terms.has(number)) return [this.#part(number, row, sign)];
    const [left, right] = node.arguments;
    switch (node.operation) {
      case "add":
        return [...this.#summands(left!, row, sign), ...this.#summands(right!, row, sign)];
      case "subtract":
        return [...this.#summands(left!, row, sign), ...this.#summands(right!, row, opposite(sign))];
      case "negate":
        return this.#summands(left!, row, opposite(sign));
      case "total":
        return this.#beneath(left!, node.level, row).flatMap((below) =>
          this.#value(left!, below) === 0n ? [] : this.#summands(left!, below, sign),
        );
      case "choose": {
        const chosen = this.#chosen(node, row);
        return chosen === undefined ? [this.#part(number, row, sign)] : this.#summands(chosen, row, sign);
      }
      case "widen":
        return this.#summands(left!, this.#above(left!, node.level, row), sign);
      default:
        return [this.#part(number, row, sign)];
    }
  }

  #part(number: number, row: number, sign: 1 | -1): Part {
    const node = this.#node(number);
    if (node.operation === "widen" && !this.#terms.has(number)) {
      return this.#part(node.arguments[0]!, this.#above(node.arguments[0]!, node.level, row), sign);
    }
    const term = this.#terms.get(number);
    const parameter = node.operation === "parameter" ? this.#program.parameters[node.index!] : undefined;
    return {
      kind: term !== undefined ? "term" : kindOf(node),
      name: term?.name ?? describeNode(this.#program, number),
      row: this.#rowName(number, row),
      value: node.set < 0 ? this.#value(number, row) : undefined,
      sign,
      counts: true,
      source: parameter?.source,
    };
  }

  /** Terms, facts and parameters that an expression names, each once. */
  #mentioned(number: number, row: number): Part[] {
    const parts = new Map<string, Part>();
    const visit = (at: number, atRow: number): void => {
      const node = this.#node(at);
      if (at !== number && (this.#terms.has(at) || node.arguments.length === 0)) {
        const part = this.#part(at, atRow, 1);
        if (part.kind !== "number") parts.set(`${part.name}\0${part.row}`, part);
        return;
      }
      for (const argument of node.arguments) {
        const below = this.#node(argument).level;
        if (below === node.level) visit(argument, atRow);
        else if (this.#isAbove(below, node.level)) visit(argument, this.#above(argument, node.level, atRow));
        else for (const beneath of this.#beneath(argument, node.level, atRow)) visit(argument, beneath);
      }
    };
    visit(number, row);
    return [...parts.values()];
  }

  #isAbove(level: Level, of: Level): boolean {
    return level === "account" || level in this.#evaluation.parents[of];
  }

  #above(node: number, from: Level, row: number): number {
    const { level } = this.#node(node);
    return level === from ? row : (this.#evaluation.parents[from][level]?.[row] ?? 0);
  }

  #beneath(node: number, level: Level, row: number): number[] {
    const below = this.#node(node).level;
    const parents = this.#evaluation.parents[below][level];
    return this.#evaluation.rows[below].flatMap((_, index) => ((parents?.[index] ?? 0) === row ? [index] : []));
  }

  #value(node: number, row: number): Cell {
    return this.#evaluation.column(node)[row];
  }
}

function kindOf(node: Node): Part["kind"] {
  switch (node.operation) {
    case "field":
    case "input":
      return "fact";
    case "parameter":
      return "parameter";
    case "constant":
      return "number";
    default:
      return "expression";
  }
}

function opposite(sign: 1 | -1): 1 | -1 {
  return sign === 1 ? -1 : 1;
}

/** The sum of parts, with their signs: what a figure of rule "sum" is exactly. Undefined when a part is. */
export function sumOf(parts: readonly Part[]): Fixed | undefined {
  let sum = 0n;
  for (const { value, sign } of parts) {
    if (value === undefined) return undefined;
    sum += sign === 1 ? value : -value;
  }
  return sum;
}
