import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JournalHistory } from "../services/journal/journalHistory.ts";
import {
  type Bench,
  type BenchResult,
  type BenchSize,
  compare,
  type SkippedBench,
  UnequalOutputsError,
} from "./bench.ts";
import { removeFolder, temporaryFolder } from "./conditions.ts";
import { processorClock, type Side } from "./measure.ts";
import { ingest, placedInputs, recalledInputs, tablesHash, walkAll } from "./recordedJournal.ts";
import { simulatedInputs } from "./simulatedInputs.ts";
import { tapeJournal, tapeMissing } from "./tapeJournal.ts";

/** Inputs of the tape; all of it are 1.5 million. */
const INPUTS = { quick: 200_000, full: Infinity } as const;
const SIMULATED_INPUTS = 40_000;
/** With the whole tape a round takes most of a minute: few rounds, so that all of it ends in minutes. */
const MOST_ROUNDS = 7;
const PROMISED = { live: 5, scan: 0.4 } as const;
/** How often a round replays and scans, while it lives once, which takes about as long. */
const TIMES = 3;
/** Events that the live side gets its inputs of at a time: what is in memory is its garbage collector's work too. */
const EVENTS_RECALLED = 40_000;
/** Rows that a page of a scan reads. */
const PAGE = 20_000;

/** How fast a journal is lived again, against how it was lived and against merely reading it. */
export const replay: Bench = {
  name: "replay",
  summary:
    "the whole BitMEX journal (--quick: a stretch) replayed, against the live engine and a raw scan; six to ten minutes",
  run: async ({ quick, rounds }: BenchSize): Promise<BenchResult | SkippedBench> => {
    const skipped = tapeMissing();
    if (skipped !== undefined) return { name: "replay", skipped };
    const journal = (folder: string) => tapeJournal(folder, quick ? INPUTS.quick : INPUTS.full);
    return compareReplay("replay", "of the recorded BitMEX tape", journal, PROMISED, rounds);
  },
};

/** Nothing is promised of it: what a mark means for a portfolio is computed at every mark, live and in a replay alike. */
export const replaySimulated: Bench = {
  name: "replay-simulated",
  summary: "the same of the simulated venue, some of whose accounts a regime margins",
  run: async ({ rounds }: BenchSize): Promise<BenchResult> => {
    const journal = async (folder: string): Promise<string> => {
      const file = join(folder, "journal.sqlite");
      await ingest([placedInputs(await simulatedInputs(SIMULATED_INPUTS))], file);
      return file;
    };
    return compareReplay("replay-simulated", "of the simulated venue", journal, {}, rounds);
  },
};

/** @param journal writes what is replayed into the folder, and says into which file */
async function compareReplay(
  name: string,
  whose: string,
  journal: (folder: string) => Promise<string>,
  promised: { readonly live?: number; readonly scan?: number },
  rounds: number,
): Promise<BenchResult> {
  const folder = temporaryFolder();
  try {
    const file = await journal(folder);
    const history = JournalHistory.open(file);
    const events = history.head()!.lastPosition;
    const { shard } = await walkAll(history, folder);
    const { names } = shard;
    const expected = tablesHash(shard);
    const same = (stateHash: string): void => {
      if (stateHash !== expected) throw new UnequalOutputsError("a run ended in another state than the first replay");
    };
    const ours: Side = {
      name: "replay",
      times: TIMES,
      run: async () => same(tablesHash((await walkAll(history, folder)).shard)),
    };
    const liveFolder = join(folder, "live");
    const live: Side = {
      name: "live: fold and append",
      prepare: () => removeFolder(liveFolder),
      run: async (untimed) => {
        const inputs = recalledInputs(history, names, EVENTS_RECALLED, untimed);
        same(await ingest(inputs, join(liveFolder, "journal.sqlite")));
      },
    };
    const scan: Side = { name: "raw scan: every row, all columns", times: TIMES, run: () => scanRows(file, events) };
    const columns: Side = { name: "read as the replay reads", times: TIMES, run: () => scanColumns(history, events) };
    const compared = await compare(
      ours,
      [
        promised.live === undefined ? { side: live } : { side: live, atLeast: promised.live },
        promised.scan === undefined ? { side: scan } : { side: scan, atLeast: promised.scan },
        { side: columns },
      ],
      Math.min(rounds, MOST_ROUNDS),
      [],
      processorClock,
    );
    history.close();
    return {
      name,
      work: `${events} events ${whose}, from an empty shard, each derived row held against the journal`,
      unitsPerRound: events,
      unit: "events",
      checkedEqual: "accounts, pools and positions after every replay and every live run",
      notes: [
        `a round replays and scans ${TIMES} times by turns and counts the mean`,
        "rounds are processor time: a live run's waiting for its commits is not counted against it",
        "neither scan decodes a payload or hashes a row; nor does the replay hash: that is `plimsoll verify`",
        "live: inputs come from memory, no source is read and no rung left; a durable commit every 1,000 inputs",
      ],
      ...compared,
    };
  } finally {
    removeFolder(folder);
  }
}

function scanRows(file: string, events: number): void {
  const database = new DatabaseSync(file, { readOnly: true });
  const select = database.prepare("SELECT * FROM event WHERE position BETWEEN ? AND ?");
  select.setReturnArrays(true);
  let rows = 0;
  for (let first = 1; first <= events; first += PAGE) rows += select.all(first, first + PAGE - 1).length;
  database.close();
  if (rows !== events) throw new UnequalOutputsError(`${rows} rows were read, ${events} are there`);
}

function scanColumns(history: JournalHistory, events: number): void {
  let rows = 0;
  for (let first = 1; first <= events; first += PAGE) rows += history.columns(first, first + PAGE - 1).count;
  if (rows !== events) throw new UnequalOutputsError(`${rows} rows were read, ${events} are there`);
}
