import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { evaluateBook, type MarginedBook } from "../../services/evaluate/evaluateBook.ts";
import { BookRefusedError, type Evaluation } from "../../services/evaluate/evaluation.ts";
import { explain } from "../../services/evaluate/explain.ts";
import { explanationText } from "../../services/evaluate/explanationText.ts";
import { greeksOf } from "../../services/evaluate/greeks.ts";
import { describeRegime } from "../../services/regimes/describeRegime.ts";
import { listRegimes, loadRegime } from "../../services/regimes/loadRegime.ts";
import type { Overrides } from "../../services/regimes/overrides.ts";
import type { Program } from "../../services/regimes/program.ts";
import { RegimeDocumentError, UnknownOverrideError } from "../../services/regimes/regimeError.ts";
import { greeksDocument, greeksLines } from "./greeksTable.ts";
import { marginPage, verdictLines } from "./marginPage.ts";
import { coloured, print } from "./remote.ts";
import { paint } from "./table.ts";

interface EvaluateOptions {
  readonly regime?: string;
  readonly greeks: boolean;
  readonly book: string;
  readonly explain: boolean;
  readonly json: boolean;
  readonly set: readonly string[];
}

export function register(program: Command): void {
  registerRegimes(program);
  const command = program
    .command("evaluate")
    .summary("margin a book that is given whole, under any regime")
    .description(
      "Margins a book (collateral, positions, open orders, market: docs/books.md) under a regime, by the kernel that " +
        "margins live accounts. Needs no running engine. `plimsoll regimes` lists the regimes; a path that ends in " +
        ".yaml is a document of your own (docs/regimes.md).",
    )
    .option("--regime <id>", "which regime, for example deribit-portfolio-2026-02")
    .requiredOption("--book <file>", "the book as JSON; - reads standard input")
    .option("--explain", "show the whole derivation: what adds up to what, scenario grids, clauses, sources", false)
    .option("--greeks", "show delta, gamma, vega and theta too, or without --regime alone", false)
    .option("--set <parameter=value>", "another value for a parameter of the regime (repeat it)", collect, [])
    .option("--json", "print one JSON document; decimals are strings with all their digits", false)
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  plimsoll evaluate --regime deribit-portfolio-2026-02 --book book.json\n" +
        "  plimsoll evaluate --regime deribit-portfolio-2026-02 --book book.json --explain\n" +
        "  plimsoll evaluate --greeks --book book.json\n" +
        "  plimsoll evaluate --regime dydx-v4-2024-06 --book - --json < book.json | jq '.main.verdicts'\n" +
        "\nExit codes:\n" +
        "  0  margined\n" +
        "  1  the book or the regime makes no sense: the message names the place and what is wrong",
    )
    .action((options: EvaluateOptions) => {
      const { regime: id, json, explain: whole } = options;
      if (id === undefined && !options.greeks) return command.error("error: say --regime <id>, or --greeks");
      const regime = id === undefined ? undefined : load(command, id, options.set);
      const text = readText(command, options.book);
      const margined = regime && answered(command, options.book, () => evaluateBook(regime, text));
      const greeks = options.greeks ? answered(command, options.book, () => greeksOf(text)) : undefined;
      if (json) {
        const verdict = regime && margined ? documentOf(regime, margined, whole) : {};
        const document = { ...verdict, ...(greeks === undefined ? {} : { greeks: greeksDocument(greeks) }) };
        return print(command, [JSON.stringify(document, null, 2)]);
      }
      const colour = coloured(command);
      const verdict = regime && margined ? pages(regime, margined, whole, colour) : [];
      const sensitivities = greeks === undefined ? [] : greeksLines(greeks, colour);
      print(command, [...verdict, ...(verdict.length > 0 && greeks !== undefined ? [""] : []), ...sensitivities]);
    });
}

function registerRegimes(program: Command): void {
  const command = program
    .command("regimes")
    .summary("list the margin models that come with the project")
    .option("--json", "print one JSON document", false)
    .action(({ json }: { json: boolean }) => {
      const regimes = listRegimes().map(describeRegime);
      if (json) print(command, [JSON.stringify(regimes, null, 2)]);
      else
        print(
          command,
          regimes.map(({ id, venue, title }) => `${id.padEnd(40)} ${venue}: ${title}`),
        );
    });
}

/** What a book gives, or a word about what is wrong with it. */
function answered<T>(command: Command, book: string, question: () => T): T {
  try {
    return question();
  } catch (error) {
    if (!(error instanceof BookRefusedError)) throw error;
    return command.error(`error: ${book}: ${error.message} (${error.code})`);
  }
}

function load(command: Command, regime: string, set: readonly string[]): Program {
  try {
    return loadRegime(regime, overridesOf(command, set));
  } catch (error) {
    const wrong =
      error instanceof RegimeDocumentError || error instanceof UnknownOverrideError || error instanceof RangeError;
    if (!wrong) throw error;
    return command.error(`error: ${error.message}`);
  }
}

function overridesOf(command: Command, set: readonly string[]): Overrides | undefined {
  if (set.length === 0) return undefined;
  const parameters = set.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) return command.error(`error: --set ${text}: write parameter=value`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return { parameters: Object.fromEntries(parameters) };
}

function readText(command: Command, file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    return command.error(`error: ${file} cannot be read: ${(error as Error).message}`);
  }
}

function documentOf(regime: Program, { main, isolated }: MarginedBook, whole: boolean) {
  const of = (evaluation: Evaluation) => {
    const { verdicts, ...rest } = explanationText(explain(regime, evaluation));
    return whole ? { verdicts, ...rest } : { verdicts };
  };
  return {
    regime: regime.id,
    main: of(main),
    isolated: Object.fromEntries([...isolated].map(([name, evaluation]) => [name, of(evaluation)])),
  };
}

function pages(regime: Program, { main, isolated }: MarginedBook, whole: boolean, colour: boolean): string[] {
  const page = (evaluation: Evaluation) =>
    whole ? marginPage(explain(regime, evaluation), colour) : verdictLines(evaluation, colour);
  return [
    ...(whole ? [] : [paint("bold", `${regime.venue}: ${regime.title} (${regime.id})`, colour), ""]),
    ...page(main),
    ...[...isolated].flatMap(([name, evaluation]) => [
      "",
      paint("bold", `Isolated position ${name}`, colour),
      ...page(evaluation),
    ]),
  ];
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}
