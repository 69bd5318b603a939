import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";

/** A data file is not what the study needs: says which file, which row and column, and the rule. */
export class SurfaceDataError extends Error {
  override readonly name = "SurfaceDataError";
}

/** A CSV file by column name. */
export interface Table {
  readonly file: string;
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** @throws SurfaceDataError when the file cannot be read or lacks a column */
export function readTable(file: string, columns: readonly string[]): Table {
  let text: string;
  try {
    text = gunzipSync(readFileSync(file)).toString("utf8");
  } catch (error) {
    throw new SurfaceDataError(`${file}: cannot be read: ${(error as Error).message}`);
  }
  return tableOf(text, basename(file), columns);
}

/**
 * Splits CSV text with a header. Fields of these files hold neither commas nor quotes.
 * @throws SurfaceDataError when a column is missing or a row has another number of fields than the header
 */
export function tableOf(text: string, file: string, columns: readonly string[]): Table {
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const names = header.split(",");
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0) throw new SurfaceDataError(`${file}: column ${missing.join(", ")} is missing`);
  const rows = lines.map((line, at) => {
    const fields = line.split(",");
    if (fields.length !== names.length) {
      throw new SurfaceDataError(`${file} row ${at + 2}: ${fields.length} fields, the header has ${names.length}`);
    }
    return Object.fromEntries(names.map((name, column) => [name, fields[column]!]));
  });
  return { file, rows };
}
