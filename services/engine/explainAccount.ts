import { evaluateBook } from "../evaluate/evaluateBook.ts";
import { type Explanation, explain } from "../evaluate/explain.ts";
import type { KernelReader } from "../kernel/reader.ts";
import { compileRegime } from "../regimes/loadRegime.ts";
import type { Program } from "../regimes/program.ts";
import { accountBook } from "./accountBook.ts";
import { explainIsolated, explainTables } from "./explainTables.ts";
import type { Names } from "./names.ts";

/** Compiled documents by their text: an account's page is asked for again and again. */
const programs = new Map<string, Program>();

/** How the margin of a live account came about. */
export interface AccountExplanation {
  /** A portfolio by its regime; any other account, isolated positions too, by the margin tables of its instruments. */
  readonly main: Explanation;
  /** What a portfolio account holds isolated, by margin tables. */
  readonly isolated: Explanation | undefined;
}

/** A portfolio is margined on the account's book, in a kernel of its own: nothing live is touched. */
export function explainAccount(reader: KernelReader, names: Names, account: number): AccountExplanation {
  const { regime, positions } = reader.account(account);
  const text = regime === undefined ? undefined : names.regimes[regime]?.applies;
  if (text === undefined) return { main: explainTables(reader, names, account), isolated: undefined };
  let program = programs.get(text.document);
  if (program === undefined) {
    program = compileRegime(text.document, text.id);
    programs.set(text.document, program);
  }
  const fenced = positions.some(({ mode, quantity }) => mode === 1 && quantity !== 0n);
  return {
    main: explain(program, evaluateBook(program, accountBook(reader, names, account)).main),
    isolated: fenced ? explainIsolated(reader, names, account) : undefined,
  };
}
