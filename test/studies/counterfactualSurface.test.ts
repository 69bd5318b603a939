// The same books stand in three regimes beside each other, so a counterfactual of one has its answer in the accounts of another: what it
// says of accounts that are assigned to a regime is what became of those that were in it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Comparison, compareRegimes, REGIME_NAME } from "../../services/audit/counterfactual/counterfactual.ts";
import { Replayer } from "../../services/audit/replay/replayer.ts";
import { JournalHistory } from "../../services/journal/journalHistory.ts";
import { RungStore } from "../../services/journal/rungs.ts";
import { STUDIED_REGIMES, type StudiedRegime } from "../../studies/deribitSurface/regimes.ts";
import { runStudy } from "../../studies/deribitSurface/study.ts";
import { regimeText } from "../margin/portfolioMarket.ts";
import { madeUpSnapshots } from "./madeUpChain.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-counterfactual-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(async () => {
  await runStudy({ snapshots: madeUpSnapshots(), books: 12, seed: 11, folder });
}, 60_000);

function moved(from: StudiedRegime, to: StudiedRegime): Promise<Comparison> {
  const history = JournalHistory.open(join(folder, "deribit-surface.sqlite"));
  return compareRegimes(new Replayer(history, new RungStore(join(folder, "none"))), {
    assignment: { accounts: { has: (name) => name.endsWith(`:${from.name}`) }, to: { regime: REGIME_NAME } },
    document: regimeText(to.id),
    samples: 20,
  });
}

/** Accounts by the name of their book. */
function byBook({ names }: Comparison, outcomes: Comparison["recorded"]["accounts"]) {
  return new Map([...outcomes].map(([number, outcome]) => [names.accounts[number]!.split(":")[0], outcome]));
}

test.each(STUDIED_REGIMES.flatMap((from) => STUDIED_REGIMES.filter((to) => to !== from).map((to) => ({ from, to }))))(
  "accounts of $from.name under $to.id fare as the same books did there",
  async ({ from, to }) => {
    const there = await moved(from, to);
    const back = await moved(to, from);
    expect(byBook(there, there.other.accounts)).toEqual(byBook(back, back.recorded.accounts));
    expect(there.other.covered).toEqual(back.recorded.covered);
    expect(there.samples.map(({ other }) => other)).toEqual(back.samples.map(({ recorded }) => recorded));
    // OKX judges all coins together in USD, the third currency: nothing is asked for in a coin.
    if (to.name === "okx-multi") {
      expect([0, 1].map((coin) => there.samples.at(-1)!.other.get(coin)?.shortfall ?? 0n)).toEqual([0n, 0n]);
      expect(there.samples.at(-1)!.other.get(2)!.initialMargin).toBeGreaterThan(0n);
    }
    // Not because nothing happened.
    expect(there.other.accounts.size).toBeGreaterThan(0);
    expect(there.samples.at(-1)!.other).not.toEqual(there.samples.at(-1)!.recorded);
  },
  60_000,
);
