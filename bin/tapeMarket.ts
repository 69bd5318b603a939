import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isUnreadable } from "../services/ingest/tapeFormats.ts";
import { MergedTapes } from "../services/ingest/tapeReader.ts";
import { loadMarket } from "../services/markets/loadMarket.ts";
import type { MarketDocument } from "../services/markets/market.ts";
import { mergeMarkets } from "../services/markets/mergeMarkets.ts";
import { packageRoot } from "./packageRoot.ts";

/** Rows that are looked at for a symbol. */
const ROWS = 64;

export function loadNamedMarket(nameOrPath: string): MarketDocument {
  return loadMarket(nameOrPath.includes("/") || nameOrPath.endsWith(".yaml") ? nameOrPath : marketPath(nameOrPath));
}

function marketPath(name: string): string {
  return join(packageRoot, "markets", `${name}.yaml`);
}

/**
 * The market document that lists what the tapes trade; when it takes several, those put together.
 * @throws Error naming the symbols that no document lists
 */
export async function marketOfTapes(files: readonly string[]): Promise<MarketDocument> {
  const symbols = new Set<string>();
  for (const file of files) {
    const tape = new MergedTapes([file]);
    for (const row of await tape.take(ROWS)) {
      if (!isUnreadable(row.content)) symbols.add(row.content.instrument);
    }
    tape.close();
  }
  const names = readdirSync(join(packageRoot, "markets"))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length));
  const needed = new Map<string, MarketDocument>();
  const missing = new Set(symbols);
  for (const name of names) {
    const market = loadNamedMarket(name);
    const listed = market.instruments.filter((instrument) => missing.has(instrument.name));
    if (listed.length > 0) needed.set(name, market);
    for (const instrument of listed) missing.delete(instrument.name);
  }
  if (missing.size > 0 || needed.size === 0) {
    throw new Error(
      `no market lists ${[...missing].join(", ") || "anything of these tapes"}: known are ${names.join(", ")}; write one ` +
        "like markets/simulated.yaml and name it with --market FILE",
    );
  }
  const markets = [...needed.values()];
  return markets.length === 1 ? markets[0]! : mergeMarkets(markets);
}
