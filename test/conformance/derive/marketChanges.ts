// What a named structure changes in the market before it is margined: a price, a volatility, a confidence. The sources'
// tests write these one by one, so they are read whatever their nesting: by the words in the names on the way.

import { plain } from "../decimalText.ts";

export interface Change {
  readonly value?: string;
  readonly confidence?: string;
}

export interface Changes {
  readonly spot: Change;
  readonly perp: Change;
  readonly stable: Change;
  readonly rate: Change;
  forwardOf(expiry: string): Change;
  volatilityOf(expiry: string, strike: string): Change;
}

interface Leaf {
  readonly words: readonly string[];
  readonly expiry?: string;
  readonly strike?: string;
  readonly isConfidence: boolean;
  readonly value: string;
}

interface Place {
  readonly words: readonly string[];
  readonly expiry?: string;
  readonly strike?: string;
}

const EXPIRY = /^20\d{6}$/;
const isNumber = (value: unknown): value is string | number =>
  (typeof value === "number" || typeof value === "string") && /^[+-]?\d*\.?\d+(e[+-]?\d+)?$/i.test(String(value));

/** "spotConfidence" and "spot_confidence": spot, confidence. A date is an expiry, a number behind one a strike. */
function within(place: Place, name: string): Place {
  let next = place;
  const parts = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9.]+/);
  for (const part of parts.filter((each) => each !== "")) {
    if (EXPIRY.test(part)) next = { ...next, expiry: part };
    else if (isNumber(part)) next = { ...next, strike: part };
    else next = { ...next, words: [...next.words, part] };
  }
  return next;
}

function leavesOf(node: unknown, place: Place): Leaf[] {
  if (isNumber(node)) {
    return [{ ...place, isConfidence: place.words.some((word) => word.startsWith("conf")), value: plain(node) }];
  }
  if (Array.isArray(node)) {
    const isPair = node.length === 2 && node.every(isNumber);
    return node.flatMap((each, index) => leavesOf(each, isPair && index === 1 ? within(place, "confidence") : place));
  }
  if (typeof node !== "object" || node === null) return [];
  const { expiry, strike, underlying: _, ...rest } = node as Readonly<Record<string, unknown>>;
  // "feed": "forward" says it as well as a name on the way does.
  const told = Object.values(rest).filter((value): value is string => typeof value === "string" && !isNumber(value));
  const here: Place = {
    ...told.reduce(within, place),
    ...(expiry === undefined ? {} : { expiry: String(expiry) }),
    ...(isNumber(strike) ? { strike: plain(strike) } : {}),
  };
  return Object.entries(rest).flatMap(([name, child]) => leavesOf(child, within(here, name)));
}

const KINDS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["volatility", /^(vols?|volatility|volatilities|iv)$/],
  ["forward", /^(forwards?|fwd)$/],
  ["perp", /^perps?$/],
  ["stable", /^(stable|usdc|depeg)$/],
  ["rate", /^(rates?|interest)$/],
  ["spot", /^spots?$/],
];

function kindOf({ words }: Leaf): string | undefined {
  return KINDS.find(([, pattern]) => words.some((word) => pattern.test(word)))?.[0];
}

export function readChanges(overrides: unknown): Changes {
  const leaves = leavesOf(overrides ?? {}, { words: [] });
  const change = (kind: string, applies: (leaf: Leaf) => boolean = () => true): Change => {
    const own = leaves.filter((leaf) => kindOf(leaf) === kind && applies(leaf));
    const value = own.find(({ isConfidence }) => !isConfidence)?.value;
    const confidence = own.find(({ isConfidence }) => isConfidence)?.value;
    return { ...(value === undefined ? {} : { value }), ...(confidence === undefined ? {} : { confidence }) };
  };
  const fits = (told: string | undefined, own: string): boolean => told === undefined || told === own;
  return {
    spot: change("spot"),
    perp: change("perp"),
    stable: change("stable"),
    rate: change("rate"),
    forwardOf: (expiry) => change("forward", (leaf) => fits(leaf.expiry, expiry)),
    volatilityOf: (expiry, strike) =>
      change("volatility", (leaf) => fits(leaf.expiry, expiry) && fits(leaf.strike, strike)),
  };
}
