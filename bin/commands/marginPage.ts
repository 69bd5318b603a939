import type { Explanation, Figure, Part, ScenarioTable } from "../../services/evaluate/explain.ts";
import { formatFixed } from "../../services/regimes/fixed.ts";
import { heatMap } from "./heatMap.ts";
import { type Column, paint, type Style, table } from "./table.ts";

const STATE_STYLES: Readonly<Record<string, Style>> = {
  healthy: "green",
  called: "yellow",
  liquidating: "red",
  bankrupt: ["bold", "red"],
};
const NAME_WIDTH = 66;
const VALUE_WIDTH = 28;
const DEEPEST = 8;

const RULES: Readonly<Record<Figure["rule"], string>> = {
  sum: "sum of",
  greatest: "greatest of",
  least: "least of",
  product: "product of",
  "worst scenario": "worst scenario of",
  formula: "from",
};

/** The verdict of a regime on a book: equity, requirements, state. */
export function verdictLines({ verdicts }: Pick<Explanation, "verdicts">, colour: boolean): string[] {
  const columns: Column[] = [
    { title: "", align: "left" },
    ...verdicts.map(({ currency }) => ({ title: currency, align: "right" as const })),
  ];
  return table(
    columns,
    [
      ["Equity", ...verdicts.map(({ equity }) => formatFixed(equity))],
      ["Initial margin", ...verdicts.map(({ initial }) => formatFixed(initial))],
      ["Maintenance margin", ...verdicts.map(({ maintenance }) => formatFixed(maintenance))],
      ["Margin state", ...verdicts.map(({ state }) => ({ text: state, style: STATE_STYLES[state] ?? "reset" }))],
    ],
    colour,
  );
}

/** The whole derivation as a page of a margin statement: what adds up to what, the scenario grids, clauses and sources. */
export function marginPage(explanation: Explanation, colour: boolean): string[] {
  const { regime, conclusion, tables } = explanation;
  const walk = new Walk(explanation, colour);
  const sections = [
    ["Equity", conclusion.equity],
    ["Initial margin", conclusion.initial],
    ["Maintenance margin", conclusion.maintenance],
  ] as const;
  return [
    paint("bold", `${regime.venue}: ${regime.title}`, colour),
    regime.vintage === "" ? regime.id : `${regime.id}, in force from ${regime.vintage}`,
    "",
    ...verdictLines(explanation, colour),
    ...sections.flatMap(([title, term]) => walk.section(title, term)),
    ...explanation.reports.flatMap((term) => walk.section("Report", term)),
    ...tables.flatMap((each) => ["", ...gridLines(each, colour)]),
    "",
    paint("bold", "Clauses", colour),
    ...walk.clauses(),
    "",
    paint("bold", "Sources", colour),
    ...regime.sources.map(({ key, title, where }) => `  ${key}: ${title}, ${where}`),
  ];
}

function gridLines(each: ScenarioTable, colour: boolean): string[] {
  const title = `${each.term}, ${each.row}: scenarios "${each.set}"${each.measure === "" ? "" : ` in ${each.measure}`}`;
  return [paint("bold", title, colour), ...heatMap(each, colour)];
}

/** Prints figures as an indented tree, each figure once. */
class Walk {
  readonly #figures = new Map<string, Figure>();
  readonly #byTerm = new Map<string, Figure[]>();
  readonly #printed = new Set<string>();
  readonly #colour: boolean;

  constructor(explanation: Explanation, colour: boolean) {
    this.#colour = colour;
    for (const figure of explanation.figures) {
      this.#figures.set(keyOf(figure.term, figure.row), figure);
      this.#byTerm.set(figure.term, [...(this.#byTerm.get(figure.term) ?? []), figure]);
    }
  }

  section(title: string, term: string): string[] {
    const figures = (this.#byTerm.get(term) ?? []).filter(({ row }) => !this.#printed.has(keyOf(term, row)));
    if (figures.length === 0) return [];
    return [
      "",
      paint("bold", `${title}: ${term}`, this.#colour),
      ...figures.flatMap((figure) => this.#figure(figure, 1, "")),
    ];
  }

  clauses(): string[] {
    const lines: string[] = [];
    for (const [term, figures] of this.#byTerm) {
      if (!figures.some(({ row }) => this.#printed.has(keyOf(term, row)))) continue;
      const { clause, source, formula } = figures[0]!;
      lines.push(`  ${term} = ${formula.replaceAll(/\s+/g, " ")}`, `      ${clause} [${source}]`);
    }
    return lines;
  }

  #figure(figure: Figure, depth: number, prefix: string): string[] {
    const key = keyOf(figure.term, figure.row);
    const first = !this.#printed.has(key);
    this.#printed.add(key);
    const line = this.#line(`${prefix}${figure.term}`, figure.row, figure.value, depth);
    if (!first || figure.parts.length === 0 || depth >= DEEPEST) return [line];
    const rule = paint("dim", `${"  ".repeat(depth + 1)}${RULES[figure.rule]}`, this.#colour);
    return [line, rule, ...figure.parts.flatMap((part) => this.#part(part, depth + 2))];
  }

  #part(part: Part, depth: number): string[] {
    const prefix = `${part.sign < 0 ? "- " : ""}${part.counts ? "" : "(not) "}`;
    const figure = part.kind === "term" ? this.#figures.get(keyOf(part.name, part.row)) : undefined;
    if (figure !== undefined) return this.#figure(figure, depth, prefix);
    const source = part.source === undefined ? "" : ` [${part.source}]`;
    return [this.#line(`${prefix}${part.name}${source}`, part.row, part.value, depth)];
  }

  /** An expression may be long: the clause below says it whole. */
  #line(name: string, row: string, value: Figure["value"], depth: number): string {
    const where = row === "" || row === "account" ? "" : `  ${row}`;
    const room = NAME_WIDTH - 2 * depth - where.length;
    const shown = name.length > room ? `${name.slice(0, Math.max(room - 3, 8))}...` : name;
    const text = `${"  ".repeat(depth)}${shown}${where}`.padEnd(NAME_WIDTH);
    return `${text} ${(value === undefined ? "" : formatFixed(value)).padStart(VALUE_WIDTH)}`.trimEnd();
  }
}

function keyOf(term: string, row: string): string {
  return `${term}\0${row}`;
}
