import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Check, Family, PublishedCase } from "./family.ts";
import type { LocatedCase } from "./publishedCases.ts";

export interface Outcome extends LocatedCase {
  /** Undefined when no family knows the case. */
  readonly family: Family | undefined;
  readonly result: "passed" | "failed" | "not supported";
  readonly checks: readonly Check[];
  /** Why it is not supported, or what was thrown. */
  readonly reason: string | undefined;
}

export interface LoadedFamilies {
  readonly families: readonly Family[];
  /** Files that could not be loaded: name and message. */
  readonly broken: readonly { readonly file: string; readonly reason: string }[];
}

const FAMILIES = join(import.meta.dirname, "families");

/** Every family of every file in test/conformance/families. */
export async function loadFamilies(): Promise<LoadedFamilies> {
  const families: Family[] = [];
  const broken: { file: string; reason: string }[] = [];
  for (const file of readdirSync(FAMILIES).sort()) {
    if (!file.endsWith(".ts")) continue;
    try {
      const loaded = (await import(join(FAMILIES, file))) as { readonly families?: readonly Family[] };
      if (loaded.families === undefined) broken.push({ file, reason: "exports no `families`" });
      else families.push(...loaded.families);
    } catch (error) {
      broken.push({ file, reason: messageOf(error) });
    }
  }
  return { families, broken };
}

/** The family that knows the case. Two that claim it are a mistake of theirs. */
export function familyOf(published: PublishedCase, families: readonly Family[]): Family | undefined {
  const [family, another] = families.filter((candidate) => candidate.matches(published));
  if (another !== undefined) throw new Error(`two families claim it: ${family!.name} and ${another.name}`);
  return family;
}

/** What venues and peers call it, where no family does. */
export function titleOf({ venue, model, peer, family }: PublishedCase): string {
  if (peer !== undefined) return `${peer}: ${family}`;
  return `${venue ?? "?"}: ${model ?? "?"}`;
}

/** Runs one case. What it throws is its failure. */
export function runCase(located: LocatedCase, families: readonly Family[], bench: Bench): Outcome {
  const { published } = located;
  let family: Family | undefined;
  try {
    family = familyOf(published, families);
    if (family === undefined) {
      const reason = `no document for ${titleOf(published)}`;
      return { ...located, family, result: "not supported", checks: [], reason };
    }
    const reason = family.notSupported?.(published);
    if (reason !== undefined) return { ...located, family, result: "not supported", checks: [], reason };
    const checks = family.run(published, bench);
    if (checks.length === 0) throw new Error("the family checked nothing");
    const passed = checks.every((check) => check.passed);
    return { ...located, family, result: passed ? "passed" : "failed", checks, reason: undefined };
  } catch (error) {
    return { ...located, family, result: "failed", checks: [], reason: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name === "Error" ? "" : `${error.name}: `}${error.message}` : String(error);
}
