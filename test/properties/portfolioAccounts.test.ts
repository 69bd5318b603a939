// Random histories of portfolio accounts: what the engine says of them is what their books say elsewhere, whatever happened.

import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { accountBook } from "../../services/engine/accountBook.ts";
import { conservationOf } from "../../services/engine/conservation.ts";
import type { PlacedInput } from "../../services/engine/engineInput.ts";
import { outcomeOfRow } from "../../services/engine/outcome.ts";
import { recover } from "../../services/engine/recovery.ts";
import type { Shard } from "../../services/engine/shard.ts";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { BookRefusedError } from "../../services/evaluate/evaluation.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { compileRegime } from "../../services/regimes/loadRegime.ts";
import type { Program } from "../../services/regimes/program.ts";
import { Folder, openEngine } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { MemoryJournal } from "../journal/memoryJournal.ts";
import { openShard, optionMarket } from "../margin/portfolioMarket.ts";
import { ACCOUNTS, CAPACITIES, inputsOf, MAKER, moments, REGIMES } from "./portfolioHistory.ts";

/** A trade whose one leg cannot be applied has no other: sums of contracts are zero only where the venue has both. */
function foldTrades(shard: Shard, inputs: readonly PlacedInput[]): void {
  let skips = false;
  for (const each of inputs) {
    const leg = each.input.kind === "fill" ? each.input.fill.account : "";
    if (leg === MAKER && skips) continue;
    const [row] = shard.fold([each]);
    const { code } = outcomeOfRow(row!);
    if (ACCOUNTS.includes(leg)) skips = code !== 0;
    if (leg === MAKER) expect(code).toBe(0);
  }
}

const programs = new Map<string, Program>();
function programOf(document: string, id: string): Program {
  const known = programs.get(document) ?? compileRegime(document, id);
  programs.set(document, known);
  return known;
}

const UNIT = { BTC: 10n ** 10n, ETH: 10n ** 10n, USD: 10n ** 16n } as Readonly<Record<string, bigint>>;
const down = (x: bigint, unit: bigint) => (x - (((x % unit) + unit) % unit)) / unit;
const up = (x: bigint, unit: bigint) => -down(-x, unit);

/** How often a comparison said something, so that a property of empty histories is seen to be none. */
const seen = { known: 0, unknown: 0, whole: 0 };

/** What the pools of an account say, against its book margined elsewhere. */
function compareAccount(shard: Shard, name: string): void {
  const { names, reader } = shard;
  const number = names.account(name)!;
  const view = reader.account(number);
  const regime = view.regime === undefined ? undefined : names.regimes[view.regime]?.applies;
  if (regime === undefined) return;
  const program = programOf(regime.document, regime.id);
  const given = accountBook(reader, names, number);
  if (view.marginUnknown !== 0) {
    seen.unknown++;
    expect(() => evaluateBook(program, given)).toThrow(BookRefusedError);
    return;
  }
  seen.known++;
  const judged = view.pools.filter(({ basis }) => basis === 1);
  if (judged.length === 1 && view.pools.length > 1) seen.whole++;
  const { verdicts } = evaluateBook(program, given).main;
  const live = judged.map(({ currency, equity, initialMargin, maintenanceMargin }) => {
    return [names.currencies[currency]!.name, equity, initialMargin, maintenanceMargin];
  });
  expect(live).toEqual(
    verdicts.map(({ currency, equity, initial, maintenance }) => {
      const unit = UNIT[currency]!;
      return [currency, down(equity, unit), up(initial, unit), up(maintenance, unit)];
    }),
  );
}

describe("portfolio accounts", () => {
  test("are margined live as their books are elsewhere, and money and contracts add up, at every moment", () => {
    fc.assert(
      fc.property(moments, (drawn) => {
        const shard = openShard(optionMarket(REGIMES));
        for (const inputs of inputsOf(drawn)) {
          foldTrades(shard, inputs);
          for (const name of [...ACCOUNTS, MAKER]) compareAccount(shard, name);
          expect(conservationOf(shard).holds).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
    expect(seen.known).toBeGreaterThan(300);
    expect(seen.unknown).toBeGreaterThan(0);
    expect(seen.whole).toBeGreaterThan(20);
  });

  test("come to the same rows and state however inputs are cut, and in the debug kernel", () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 7 }), (drawn, size) => {
        const inputs = inputsOf(drawn).flat();
        const whole = openShard(optionMarket(REGIMES));
        const rows = whole.fold(inputs);
        const cut = openShard(optionMarket(REGIMES), "debug");
        const cutRows = [];
        for (let at = 0; at < inputs.length; at += size) cutRows.push(...cut.fold(inputs.slice(at, at + size)));
        expect(cutRows).toEqual(rows);
        expect(cut.stateHash()).toBe(whole.stateHash());
      }),
      { numRuns: 8 },
    );
  });

  const folder = new Folder();
  afterAll(() => folder.remove());
  let stores = 0;

  test("replay from the journal's rows, and from a snapshot and the rest, to the same state", async () => {
    await fc.assert(
      fc.asyncProperty(moments, fc.constantFrom(5, 40), async (drawn, snapshotEveryEvents) => {
        const stretches = inputsOf(drawn).map((inputs) => inputs.map(({ input }) => input as never));
        const journal = new MemoryJournal();
        const snapshots = new SnapshotStore(join(folder.path, String(stores++)));
        const options = { market: optionMarket(REGIMES), capacities: CAPACITIES, snapshotEveryEvents };
        const engine = await openEngine(journal, new ScriptedSource(stretches), snapshots, options);
        await engine.run();
        const live = engine.shard.stateHash();
        for (const from of [snapshots, new SnapshotStore(join(folder.path, String(stores++)))]) {
          const refuse = (reason: string): never => expect.fail(reason);
          const { shard } = await recover(new MemoryJournal(journal.store), kernelBinary(), from, refuse);
          expect(shard.stateHash()).toBe(live);
        }
      }),
      { numRuns: 12 },
    );
  });
});
