import type { RegimeSet } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { encodeProgram, type Numbering } from "../regimes/encodeProgram.ts";
import { compileRegime } from "../regimes/loadRegime.ts";
import type { Program } from "../regimes/program.ts";
import { RegimeDocumentError } from "../regimes/regimeError.ts";
import type { Names } from "./names.ts";

/** The kernel keeps the number of a currency in 11 bits of a risk unit's key. */
const CURRENCY_NUMBERS = 2 ** 11 - 1;

/**
 * Compiles a regime for the kernel, with the numbers that its names have or would get. What comes out is journalled whole: a
 * replay never compiles.
 * @returns undefined when the document makes no sense
 */
export function prepareRegime(
  name: string,
  document: string,
  effectiveTimeUs: bigint,
  names: Names,
): RegimeSet | undefined {
  const program = compiled(name, document);
  if (program === undefined) return undefined;
  const { keys, currencies } = keysOf(program);
  const numbers = names.previewKeys(keys);
  const numberOf = new Map(keys.map((key, index) => [key, numbers[index]!]));
  if ([...currencies].some((currency) => numberOf.get(currency)! >= CURRENCY_NUMBERS)) return undefined;
  return {
    regime: names.regime(name) ?? names.regimes.length,
    name,
    id: program.id,
    document,
    program: encodeProgram(
      program,
      numbering((key) => numberOf.get(key)!),
    ),
    effectiveTimeUs,
    keys,
    valuation: numbers[0]!,
  };
}

function compiled(name: string, document: string): Program | undefined {
  try {
    return compileRegime(document, name);
  } catch (error) {
    if (error instanceof RegimeDocumentError) return undefined;
    throw error;
  }
}

/** Every name that the program speaks of, the valuation currency first, in the order in which it is encoded. */
function keysOf(program: Program): { keys: string[]; currencies: ReadonlySet<string> } {
  const keys = new Set([program.valuation]);
  const currencies = new Set([program.valuation]);
  const note = (key: string) => {
    keys.add(key);
    return 0;
  };
  encodeProgram(program, {
    ...numbering(note),
    currency: (key) => {
      currencies.add(key);
      return note(key);
    },
  });
  return { keys: [...keys], currencies };
}

/** Names of underlyings, currencies, instruments and groups share their numbers. */
function numbering(numberOf: (key: string) => number): Numbering {
  return { underlying: numberOf, currency: numberOf, instrument: numberOf, group: numberOf };
}
