import { join } from "node:path";
import { ReplayDesk } from "../services/audit/replay/desk.ts";
import { Drawing } from "../services/ingest/drawing.ts";
import { JournalHistory } from "../services/journal/journalHistory.ts";
import { RungStore } from "../services/journal/rungs.ts";
import type { Bench, BenchResult, BenchSize, SkippedBench } from "./bench.ts";
import { removeFolder, temporaryFolder } from "./conditions.ts";
import { LEAST_ROUNDS, processorClock, quantile, ratioOf, seriesOf, verdictOn } from "./measure.ts";
import { walkAll } from "./recordedJournal.ts";
import { tapeJournal, tapeMissing } from "./tapeJournal.ts";

/** They make a journal of a million events and more. */
const INPUTS = 880_000;
const QUESTIONS = 50;
const SHARE = 0.01;
const WARM_UP_ROUNDS = 1;

/** What a question about one account costs, against the replay of the whole journal that it is asked of. */
export const asOf: Bench = {
  name: "as-of",
  summary: "one account at a random moment of a million events, against a hundredth of their replay",
  run: async ({ rounds }: BenchSize): Promise<BenchResult | SkippedBench> => {
    const skipped = tapeMissing();
    if (skipped !== undefined) return { name: "as-of", skipped };
    const folder = temporaryFolder();
    try {
      const rungs = new RungStore(join(folder, "rungs"));
      const history = JournalHistory.open(await tapeJournal(folder, INPUTS, rungs));
      const events = history.head()!.lastPosition;
      const names = (await walkAll(history, folder)).shard.names.toText().accounts;
      const desk = new ReplayDesk(history, rungs);
      const drawing = new Drawing(1);
      let questions = 0;
      const all: number[] = [];
      let mostEvents = 0;
      const ask = async (): Promise<number> => {
        // The first tenth opens the accounts.
        const position = Math.floor(events * (0.1 + 0.9 * drawing.uniform(0, questions, 0)));
        const account = names[drawing.below(names.length, 0, questions++, 1)]!;
        const start = processorClock();
        const { account: number, state, replayedEvents, release } = await desk.accountAt(account, { position });
        state.explain(number);
        release();
        mostEvents = Math.max(mostEvents, replayedEvents);
        return processorClock() - start;
      };
      const questionMs: { p50: number[]; p90: number[] } = { p50: [], p90: [] };
      const shareMs: number[] = [];
      for (let round = -WARM_UP_ROUNDS; round < Math.min(rounds, LEAST_ROUNDS); round++) {
        const start = processorClock();
        await walkAll(history, folder);
        const replayMs = processorClock() - start;
        const asked: number[] = [];
        for (let question = 0; question < QUESTIONS; question++) asked.push(await ask());
        if (round < 0) continue;
        shareMs.push(SHARE * replayMs);
        questionMs.p50.push(quantile(asked, 0.5));
        questionMs.p90.push(quantile(asked, 0.9));
        all.push(...asked);
      }
      history.close();
      const share = seriesOf("a hundredth of the replay", shareMs, WARM_UP_ROUNDS);
      const [half, most] = [questionMs.p50, questionMs.p90].map((ms, index) =>
        seriesOf(index === 0 ? "a question, p50" : "a question, p90", ms, WARM_UP_ROUNDS),
      ) as [ReturnType<typeof seriesOf>, ReturnType<typeof seriesOf>];
      const ratio = ratioOf(most, share);
      const beyond = all.filter((ms) => ms > share.medianMs).length;
      return {
        name: "as-of",
        work: `${events} events; ${QUESTIONS} random accounts at random moments a round, each explained`,
        unitsPerRound: 1,
        unit: "questions",
        series: [most, share, half],
        comparisons: [{ reference: share.name, ratio, atLeast: 1, verdict: verdictOn(ratio, 1) }],
        checkedEqual: "not here: test/audit holds answers against live captures",
        notes: [
          `at most ${mostEvents} events replayed, ${((100 * mostEvents) / events).toFixed(2)} % of the journal`,
          `${beyond} of ${all.length} questions took longer than a hundredth of the replay; p99 ${quantile(all, 0.99).toFixed(1)} ms`,
          "rounds are processor time",
        ],
      };
    } finally {
      removeFolder(folder);
    }
  },
};
