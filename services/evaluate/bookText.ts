import { BookRefusedError } from "./evaluation.ts";

/**
 * Parses JSON text of a book. A number with more digits than a double holds is kept as its text, so that no digit is
 * lost on the way; a name that stands twice in one object is refused, where JSON would silently take the last.
 *
 * @throws BookRefusedError `not-json` or `duplicate-name`
 */
export function parseBookText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text, (_, item: unknown, context?: { readonly source?: string }) =>
      typeof item === "number" ? numberOf(item, context?.source) : item,
    );
  } catch (error) {
    throw new BookRefusedError("not-json", "book", (error as Error).message);
  }
  checkNames(text);
  return value;
}

function numberOf(value: number, source: string | undefined): number | string {
  return source === undefined || plain(source) === plain(String(value)) ? value : source;
}

/** Significant digits and exponent of a JSON number: 0.0120 and 1.2e-2 are both "12e-3". */
function plain(source: string): string {
  const [mantissa = "", exponent = "0"] = source
    .toLowerCase()
    .replace("-", (sign, at) => (at === 0 ? "" : sign))
    .split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  return significant === ""
    ? "0"
    : `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/** The text is valid JSON by now: strings, colons and brackets are all there is to look at. */
function checkNames(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (const [token, colon] of text.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      const names = open.at(-1);
      if (names?.has(name)) throw new BookRefusedError("duplicate-name", name, "stands twice in one object");
      names?.add(name);
    }
  }
}
