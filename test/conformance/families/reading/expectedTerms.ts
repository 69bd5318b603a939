// Which term of a regime shows an expected figure, by the name that the case gives it.

import type { PublishedCase } from "../../family.ts";
import type { Figure } from "../../figures.ts";

/** Names in any case; the first pattern that fits names the term. */
export type Shown = readonly (readonly [pattern: RegExp, term: string])[];

/** Expected figures of a case; words (a state, a sentence) are left out. */
export function expectedFigures({ expected }: PublishedCase): readonly (readonly [name: string, value: Figure])[] {
  return Object.entries(expected as Record<string, unknown>).flatMap(([name, value]) =>
    typeof value === "number" || (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
      ? [[name, value] as const]
      : [],
  );
}

export function termOf(name: string, shown: Shown): string | undefined {
  return shown.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1];
}

/** Why a case cannot be run: an expected figure that no term shows, or none at all. */
export function unshown(published: PublishedCase, shown: Shown): string | undefined {
  const names = expectedFigures(published).map(([name]) => name);
  if (names.length === 0) return "the case expects no figure";
  const unknown = names.filter((name) => termOf(name, shown) === undefined);
  return unknown.length === 0 ? undefined : `no term shows ${unknown.join(", ")}`;
}
