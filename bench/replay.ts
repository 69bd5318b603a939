import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { PlacedInput } from "../services/engine/engineInput.ts";
import { recallInput } from "../services/engine/recall.ts";
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
import { ingest, placedInputs, tablesHash, walkAll } from "./recordedJournal.ts";
import { type RecordedInputs, simulatedInputs } from "./simulatedInputs.ts";
import { tapeInputs, tapeMissing } from "./tapeInputs.ts";

/** A round lives this many inputs again, and a round of it takes seconds: few rounds, so that all of it ends in minutes. */
const INPUTS = { quick: 50_000, full: 200_000 } as const;
const SIMULATED_INPUTS = 40_000;
const MOST_ROUNDS = 7;
const PROMISED = { live: 5, scan: 0.4 } as const;
/** How often a round replays and scans, while it lives once: what takes a fifth of the time meets as many of the machine's moods. */
const TIMES = 5;
/** Rows that a page of a scan reads. */
const PAGE = 20_000;

/** How fast a journal is lived again, against how it was lived and against merely reading it. */
export const replay: Bench = {
  name: "replay",
  summary: "a stretch of the BitMEX journal replayed from its first event, against the live engine and a raw scan",
  run: async ({ quick, rounds }: BenchSize): Promise<BenchResult | SkippedBench> => {
    const skipped = tapeMissing();
    if (skipped !== undefined) return { name: "replay", skipped };
    const inputs = () => tapeInputs(quick ? INPUTS.quick : INPUTS.full);
    return compareReplay("replay", "of the recorded BitMEX tape", inputs, PROMISED, rounds);
  },
};

/** Nothing is promised of it: what a mark means for a portfolio is computed at every mark, live and in a replay alike. */
export const replaySimulated: Bench = {
  name: "replay-simulated",
  summary: "the same of the simulated venue, some of whose accounts a regime margins",
  run: async ({ rounds }: BenchSize): Promise<BenchResult> => {
    const inputs = () => simulatedInputs(SIMULATED_INPUTS);
    return compareReplay("replay-simulated", "of the simulated venue", inputs, {}, rounds);
  },
};

async function compareReplay(
  name: string,
  whose: string,
  venue: () => Promise<RecordedInputs>,
  promised: { readonly live?: number; readonly scan?: number },
  rounds: number,
): Promise<BenchResult> {
  const folder = temporaryFolder();
  try {
    const file = join(folder, "journal.sqlite");
    const stateHash = await ingest(placedInputs(await venue()), file);
    const history = JournalHistory.open(file);
    const events = history.head()!.lastPosition;
    const replayed = await replayAll(history, folder);
    if (replayed !== stateHash) throw new UnequalOutputsError("the replay ends in another state: nothing was timed");
    const ours: Side = { name: "replay", times: TIMES, run: async () => void (await replayAll(history, folder)) };
    const liveFolder = join(folder, "live");
    // Made anew for each round: a hundred thousand inputs that lie about would be the other sides' garbage to collect.
    let inputs: readonly PlacedInput[] = [];
    const live: Side = {
      name: "live: fold and append",
      prepare: async () => {
        removeFolder(liveFolder);
        inputs = await recalledInputs(history, folder);
      },
      run: async () => void (await ingest(inputs, join(liveFolder, "journal.sqlite"))),
      finish: () => {
        inputs = [];
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
      checkedEqual: "accounts, pools and positions after the replay and after the live run",
      notes: [
        `a round replays and scans ${TIMES} times and counts the mean`,
        "rounds are processor time: a live run's waiting for its commits is not counted against it",
        "neither scan decodes a payload or hashes a row; nor does the replay hash: that is `plimsoll verify`",
        "live: the inputs are in memory, no source is read and no rung left; a durable commit every 1,000 inputs",
      ],
      ...compared,
    };
  } finally {
    removeFolder(folder);
  }
}

/** The inputs of the journal, as they once came in. */
async function recalledInputs(history: JournalHistory, folder: string): Promise<PlacedInput[]> {
  const { names } = (await walkAll(history, folder)).shard;
  const events = history.head()!.lastPosition;
  const inputs: PlacedInput[] = [];
  for (let first = 1; first <= events; first += PAGE) {
    for (const row of history.rows(first, first + PAGE - 1)) {
      const input = recallInput(row, names);
      if (input !== undefined) inputs.push(input);
    }
  }
  return inputs;
}

async function replayAll(history: JournalHistory, folder: string): Promise<string> {
  return tablesHash((await walkAll(history, folder)).shard);
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
