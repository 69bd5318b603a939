import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { PublishedCase } from "./family.ts";

/** A case and where it stands. */
export interface LocatedCase {
  readonly published: PublishedCase;
  /** "venues.jsonl:12" */
  readonly place: string;
  /** Of the published files, or of our own tables. */
  readonly collection: Collection;
}

export type Collection = "published" | "own";

/** Our own cases, which travel with the project. */
export const TABLES = join(import.meta.dirname, "tables");

/** Every line of every .jsonl file of a folder, in the order of their names; undefined when there is no such folder. */
export function readCases(folder: string, collection: Collection): readonly LocatedCase[] | undefined {
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder).filter((file) => file.endsWith(".jsonl"));
  return files.sort().flatMap((file) => linesOf(join(folder, file), collection));
}

function linesOf(file: string, collection: Collection): readonly LocatedCase[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      if (line.trim() === "") return [];
      const place = `${basename(file)}:${index + 1}`;
      const published = parsed(line, place);
      if (typeof published.id !== "string") throw new Error(`${place}: a case needs an id`);
      return [{ published, place, collection }];
    });
}

function parsed(line: string, place: string): PublishedCase {
  try {
    return JSON.parse(line) as PublishedCase;
  } catch (error) {
    throw new Error(`${place}: ${(error as Error).message}`);
  }
}
