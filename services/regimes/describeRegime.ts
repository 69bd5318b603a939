import { parse } from "yaml";
import { readRegimeText } from "./loadRegime.ts";
import type { Program } from "./program.ts";

export type RegimeSummary = Pick<Program, "id" | "venue" | "title" | "vintage">;

const HEADER_LINE = /^(?:id|venue|title|vintage):.*$/gm;

/**
 * What stands at the head of a document that comes with the project, without compiling it: all of them are listed while an
 * engine runs.
 *
 * @throws RegimeDocumentError when it cannot be read
 */
export function describeRegime(id: string): RegimeSummary {
  const { text } = readRegimeText(id);
  const head = parse((text.match(HEADER_LINE) ?? []).join("\n"), { schema: "failsafe" }) as Record<string, string>;
  const { venue = "", title = "", vintage = "" } = head;
  return { id, venue, title, vintage };
}
