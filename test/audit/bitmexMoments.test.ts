// Random accounts at random moments of the recorded BitMEX tape: as of equals what was captured live, bit for bit.
// PLIMSOLL_MOMENTS=1000 runs the whole tape with a thousand pairs; without it a first stretch with fewer.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { marketOfTapes } from "../../bin/tapeMarket.ts";
import { Engine } from "../../services/engine/engine.ts";
import { DEFAULT_CAPACITIES } from "../../services/engine/genesis.ts";
import { TapeSource } from "../../services/ingest/tape.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Folder } from "../engine/harness.ts";
import { tablesWithoutIdentities } from "../properties/deferredReplay.ts";
import { captureAt, captureOf, deskOn, liveState, newJournal, rungsIn } from "./pastRun.ts";

const DATA = process.env["PLIMSOLL_TEST_DATA"] ?? join(import.meta.dirname, "../../../shared/data");
const TAPE = join(DATA, "bitmex_XBTUSD_trades_2018-01-01_700k.csv.gz");
const missing = existsSync(TAPE) ? "" : " (skipped: the recorded tape is not there)";
const WHOLE = process.env["PLIMSOLL_MOMENTS"];
const PAIRS = Number(WHOLE ?? 40);
const STRETCH_EVENTS = WHOLE === undefined ? 120_000 : Infinity;
/** About what the whole tape gives. */
const EXPECTED_EVENTS = WHOLE === undefined ? 120_000 : 1_713_000;

const folder = new Folder();
afterAll(() => folder.remove());

/** Numbers below one, the same in every run. */
function drawing(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe.skipIf(missing !== "")(`the recorded BitMEX tape${missing}`, () => {
  test(`${PAIRS} random accounts at random moments equal live captures`, async () => {
    const path = join(folder.path, "tape");
    mkdirSync(path);
    const market = await marketOfTapes([TAPE]);
    const engine = await Engine.open({
      journal: newJournal(path),
      snapshots: new SnapshotStore(join(path, "snapshots")),
      rungs: rungsIn(path),
      kernelBinary: kernelBinary(),
      engineVersion: "test",
      shard: "test",
      market,
      capacities: DEFAULT_CAPACITIES,
      source: (feedback) => new TapeSource({ files: [TAPE], market, seed: 1, feedback }),
      snapshotEveryEvents: Number.MAX_SAFE_INTEGER,
      // An odd number: batches end at other places than a serving engine's.
      pullLimit: 911,
      log: () => {},
    });
    const random = drawing(20_180_101);
    const moments = Array.from({ length: PAIRS }, () => Math.floor(random() * EXPECTED_EVENTS)).sort((a, b) => a - b);
    const captured: { readonly name: string; readonly position: number; readonly capture: string }[] = [];
    engine.onDurable(() => {
      const position = Number(engine.asOf().journalPosition);
      while (captured.length < moments.length && moments[captured.length]! <= position) {
        const account = Math.floor(random() * engine.names.accounts.length);
        captured.push({
          name: engine.names.accounts[account]!,
          position,
          capture: captureOf(liveState(engine), account),
        });
      }
      if (position >= STRETCH_EVENTS) engine.stop();
    });
    await engine.run();
    expect(captured.length).toBe(PAIRS);
    const desk = deskOn(path);
    let replayed = 0;
    for (const { name, position, capture } of captured) {
      const answer = await desk.accountAt(name, { position });
      expect(captureAt(answer), `${name} at event ${position}`).toBe(capture);
      answer.release();
      replayed = Math.max(replayed, answer.replayedEvents);
    }
    // The cost rule: at most a hundredth of a million events.
    expect(replayed).toBeLessThanOrEqual(10_000);
    // A replay from the first event, marks put off: every table as the live run left it.
    const head = desk.replayer.head().lastPosition;
    const walk = desk.replayer.walkFromStart(head);
    await walk.advanceTo(head);
    const tables = tablesWithoutIdentities(walk.shard.kernel);
    tablesWithoutIdentities(engine.shard.kernel).forEach((table, number) => {
      // Not the texts themselves: they are megabytes.
      expect(tables[number] === table, `table ${number}`).toBe(true);
    });
  }, 900_000);
});
