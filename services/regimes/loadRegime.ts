import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { DocumentProblem } from "../markets/documentError.ts";
import { type FieldPath, type LocatedText, locateText } from "../markets/locatedDocument.ts";
import { applyOverrides } from "./applyOverrides.ts";
import { compileDocument } from "./compile.ts";
import { type Example, readExampleEntries } from "./examples.ts";
import { didYouMean } from "./nearest.ts";
import type { Overrides } from "./overrides.ts";
import type { Program } from "./program.ts";
import { RegimeDocumentError } from "./regimeError.ts";
import { isMap } from "./section.ts";

/** Two up from services/regimes/ in a clone, three up from dist/services/regimes/ in the package. */
const REGIMES_FOLDER = existsSync(join(import.meta.dirname, "../../package.json"))
  ? join(import.meta.dirname, "../../regimes")
  : join(import.meta.dirname, "../../../regimes");

const EXTENSION = ".yaml";

/** Ids of the regimes that come with the project, in order of the alphabet. */
export function listRegimes(): readonly string[] {
  return readdirSync(REGIMES_FOLDER)
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => basename(file, EXTENSION))
    .sort();
}

/**
 * Reads and compiles a regime document.
 *
 * @param idOrFile an id of `listRegimes`, or a path that ends in .yaml
 * @throws RegimeDocumentError when it cannot be read, or makes no sense
 * @throws UnknownOverrideError when an override names what the document does not have
 */
export function loadRegime(idOrFile: string, overrides?: Overrides): Program {
  const { text, file } = readRegimeText(idOrFile);
  const program = compileRegime(text, file, overrides);
  const id = basename(file, EXTENSION);
  if (program.id === id) return program;
  const reason = `"${program.id}" is not the file's name, ${id}`;
  throw new RegimeDocumentError([locateText(text, file, "text").problem(["id"], reason)]);
}

/** The text of a regime document, and the file that it is in. @throws RegimeDocumentError when it cannot be read */
export function readRegimeText(idOrFile: string): { readonly text: string; readonly file: string } {
  const isFile = idOrFile.endsWith(EXTENSION);
  const file = isFile ? idOrFile : join(REGIMES_FOLDER, `${idOrFile}${EXTENSION}`);
  try {
    return { text: readFileSync(file, "utf8"), file };
  } catch (error) {
    const hint = isFile ? "" : didYouMean(idOrFile, listRegimes());
    throw new RegimeDocumentError([
      { file, line: 0, field: "", reason: `cannot be read: ${(error as Error).message}${hint}` },
    ]);
  }
}

/**
 * Compiles the text of a regime document.
 *
 * @param file as messages name it
 * @throws RegimeDocumentError naming file, line, field and rule of everything that makes no sense
 * @throws UnknownOverrideError when an override names what the document does not have
 */
export function compileRegime(text: string, file: string, overrides?: Overrides): Program {
  const located = locate(text, file);
  const problems: DocumentProblem[] = [];
  const document = overrides === undefined ? located.value : applyOverrides(located.value, overrides);
  const program = compileDocument(document, (path, reason) => {
    const overridden = isOverridden(path, overrides) ? " (overridden)" : "";
    problems.push(located.problem(path, reason + overridden));
  });
  if (program === undefined) throw new RegimeDocumentError(problems);
  return program;
}

function isOverridden([section = "", name = ""]: FieldPath, overrides: Overrides = {}): boolean {
  const entries = (overrides as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>)[section];
  return entries !== undefined && Object.hasOwn(entries, name);
}

/** The worked books of a document. @throws RegimeDocumentError when one does not have the shape of an example */
export function readExamples(text: string, file = "examples"): readonly Example[] {
  const located = locate(text, file);
  const problems: DocumentProblem[] = [];
  const raw = isMap(located.value) ? located.value["examples"] : undefined;
  const examples = readExampleEntries(raw, (path, reason) => problems.push(located.problem(path, reason)));
  if (problems.length > 0) throw new RegimeDocumentError(problems);
  return examples;
}

function locate(text: string, file: string): LocatedText {
  const located = locateText(text, file, "text");
  if (located.problems.length > 0) throw new RegimeDocumentError(located.problems);
  return located;
}
