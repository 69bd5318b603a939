import { readFileSync } from "node:fs";
import { isMap, isPair, isSeq, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type DocumentProblem, MarketDocumentError } from "./documentError.ts";

export type FieldPath = readonly (string | number)[];

/** A document that fits its schema and still knows on which line each field stands. */
export interface LocatedDocument<T> {
  readonly file: string;
  readonly value: T;
  problem(path: FieldPath, reason: string): DocumentProblem;
}

/**
 * Reads a YAML file and checks its shape.
 *
 * @throws MarketDocumentError when the file cannot be read, is no YAML, or does not fit the schema
 */
export function readDocument<T>(file: string, schema: z.ZodType<T>): LocatedDocument<T> {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });

  const problem = (path: FieldPath, reason: string): DocumentProblem => ({
    file,
    line: lineOf(document.contents, path, lines),
    field: fieldName(path),
    reason,
  });

  if (document.errors.length > 0) {
    throw new MarketDocumentError(
      document.errors.map((error) => ({
        file,
        line: lines.linePos(error.pos[0]).line,
        field: "",
        reason: error.message,
      })),
    );
  }
  const checked = schema.safeParse(document.toJS());
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
