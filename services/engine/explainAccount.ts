import { evaluateBook } from "../evaluate/evaluateBook.ts";
import { type Explanation, explain } from "../evaluate/explain.ts";
import type { KernelReader } from "../kernel/reader.ts";
import { compileRegime } from "../regimes/loadRegime.ts";
import type { Program } from "../regimes/program.ts";
import { accountBook } from "./accountBook.ts";
import { explainTables } from "./explainTables.ts";
import type { Names } from "./names.ts";

/** Compiled documents by their text: an account's page is asked for again and again. */
const programs = new Map<string, Program>();

/**
 * How the margin of a live account came about: a portfolio by its regime, on the account's book, in a kernel of its own; any
 * other account by the margin tables of its instruments.
 */
export function explainAccount(reader: KernelReader, names: Names, account: number): Explanation {
  const { regime } = reader.account(account);
  const text = regime === undefined ? undefined : names.regimes[regime]?.applies;
  if (text === undefined) return explainTables(reader, names, account);
  let program = programs.get(text.document);
  if (program === undefined) {
    program = compileRegime(text.document, text.id);
    programs.set(text.document, program);
  }
  return explain(program, evaluateBook(program, accountBook(reader, names, account)).main);
}
