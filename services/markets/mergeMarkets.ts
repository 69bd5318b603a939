import type { MarketDocument } from "./market.ts";

/** Two markets mean different things by one name. */
export class MarketConflictError extends Error {
  override readonly name = "MarketConflictError";
}

/**
 * One market out of several, for tapes of more than one venue. What has the same name in two of them must be the same.
 *
 * @throws MarketConflictError naming what differs
 */
export function mergeMarkets(markets: readonly MarketDocument[]): MarketDocument {
  const merge = <T extends { readonly name: string }>(what: string, parts: readonly (readonly T[])[]): T[] => {
    const merged = new Map<string, T>();
    for (const part of parts.flat()) {
      const known = merged.get(part.name);
      if (known !== undefined && textOf(known) !== textOf(part)) {
        throw new MarketConflictError(
          `${what} ${part.name} differs between ${markets.map(({ id }) => id).join(" and ")}`,
        );
      }
      merged.set(part.name, part);
    }
    return [...merged.values()];
  };
  return {
    id: markets.map(({ id }) => id).join("+"),
    currencies: merge(
      "currency",
      markets.map(({ currencies }) => currencies),
    ),
    marginTables: merge(
      "margin table",
      markets.map(({ marginTables }) => marginTables),
    ),
    scenarioGrids: merge(
      "scenario grid",
      markets.map(({ scenarioGrids }) => scenarioGrids),
    ),
    instruments: merge(
      "instrument",
      markets.map(({ instruments }) => instruments),
    ),
  };
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, field) => (typeof field === "bigint" ? `${field}n` : field));
}
