import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isUnreadable } from "../services/ingest/tapeFormats.ts";
import { MergedTapes } from "../services/ingest/tapeReader.ts";
import { loadMarket } from "../services/regimes/loadMarket.ts";
import type { MarketDocument } from "../services/regimes/market.ts";
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
 * The market document that lists what a tape trades.
 * @throws Error naming the symbols when no document lists them all
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
  for (const name of names) {
    const market = loadNamedMarket(name);
    const listed = new Set(market.instruments.map((instrument) => instrument.name));
    if ([...symbols].every((symbol) => listed.has(symbol))) return market;
  }
  throw new Error(
    `no market lists ${[...symbols].join(", ")} together: known are ${names.join(", ")}; write one like ` +
      "markets/simulated.yaml and name it with --market FILE",
  );
}
