import { readFileSync } from "node:fs";
import { isMap, isPair, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { type DocumentProblem, MarketDocumentError } from "./documentError.ts";

export type FieldPath = readonly (string | number)[];

/** A document that fits its schema and still knows on which line each field stands. */
export interface LocatedDocument<T> {
  readonly file: string;
  readonly value: T;
  problem(path: FieldPath, reason: string): DocumentProblem;
}

/** YAML text as plain values, and where each of them stands. */
export interface LocatedText {
  readonly value: unknown;
  /** What makes it no YAML; the value means nothing then. */
  readonly problems: readonly DocumentProblem[];
  problem(path: FieldPath, reason: string): DocumentProblem;
}

/**
 * Reads YAML text.
 *
 * @param numbers what an unquoted number becomes: a double, or its own text with all its digits
 */
export function locateText(text: string, file: string, numbers: "double" | "text"): LocatedText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (numbers === "text") {
    visit(document, {
      Scalar(_, scalar) {
        if (typeof scalar.value === "number" && scalar.source !== undefined) scalar.value = scalar.source;
      },
    });
  }
  const problems = document.errors.map((error) => ({
    file,
    line: lines.linePos(error.pos[0]).line,
    field: "",
    reason: error.message,
  }));
  let value: unknown;
  try {
    if (problems.length === 0) value = document.toJS();
  } catch (error) {
    // An alias without an anchor, or aliases that would unfold to a huge document.
    problems.push({ file, line: 0, field: "", reason: (error as Error).message });
  }
  return {
    value,
    problems,
    problem: (path, reason) => ({
      file,
      line: lineOf(document.contents, path, lines),
      field: fieldName(path),
      reason,
    }),
  };
}

/**
 * Reads a YAML file and checks its shape.
 *
 * @throws MarketDocumentError when the file cannot be read, is no YAML, or does not fit the schema
 */
export function readDocument<T>(file: string, schema: z.ZodType<T>): LocatedDocument<T> {
  const { value, problems, problem } = locateText(readText(file), file, "double");
  if (problems.length > 0) throw new MarketDocumentError(problems);
  const checked = schema.safeParse(value);
  if (!checked.success) {
    throw new MarketDocumentError(
      checked.error.issues.map((issue) =>
        problem(
          issue.path.map((key) => (typeof key === "number" ? key : String(key))),
          issue.message,
        ),
      ),
    );
  }
  return { file, value: checked.data, problem };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new MarketDocumentError([
      { file, line: 0, field: "", reason: `cannot be read: ${(error as Error).message}` },
    ]);
  }
}

/** The line of the field, or of the nearest thing around it that exists (a missing field has no line). */
function lineOf(root: unknown, path: FieldPath, lines: LineCounter): number {
  let node = root;
  let offset = startOf(node);
  for (const key of path) {
    const pair = isMap(node) ? node.items.find((item) => isPair(item) && String(item.key) === key) : undefined;
    const next = isSeq(node) ? node.items[Number(key)] : pair?.value;
    if (pair === undefined && next === undefined) break;
    offset = startOf(pair?.key) ?? startOf(next) ?? offset;
    node = next;
  }
  return offset === undefined ? 1 : lines.linePos(offset).line;
}

function startOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] | null } | null | undefined)?.range?.[0];
}

function fieldName(path: FieldPath): string {
  return path.reduce<string>(
    (name, key) => (typeof key === "number" ? `${name}[${key}]` : name === "" ? key : `${name}.${key}`),
    "",
  );
}
