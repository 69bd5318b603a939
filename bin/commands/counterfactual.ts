import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type RefusalReason, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type Comparison,
  compareRegimes,
  type Question,
  REGIME_NAME,
} from "../../services/audit/counterfactual/counterfactual.ts";
import { plot } from "../../services/audit/counterfactual/plot.ts";
import type { Tally, Totals } from "../../services/audit/counterfactual/tally.ts";
import { timeText } from "../../services/audit/replay/replayer.ts";
import { formatDecimal } from "../../services/markets/decimal.ts";
import { listRegimes } from "../../services/regimes/loadRegime.ts";
import { packageRoot } from "../packageRoot.ts";
import { aboutPast, askPast, type PastOptions, requireMoment } from "../pastQuestions.ts";
import { progressBar } from "../progress.ts";
import { wholeNumber } from "../wholeNumber.ts";
import { coloured, print, printJson } from "./remote.ts";
import { table } from "./table.ts";

interface CounterfactualOptions extends PastOptions {
  readonly regime: string;
  readonly accounts?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly samples: number;
  readonly underlying?: readonly string[];
  readonly plot?: string;
}

const STATES = ["called", "liquidating", "bankrupt"] as const;

export function register(program: Command): void {
  const command = program
    .command("counterfactual")
    .summary("replay a journal with accounts under another regime or margin mode")
    .description(
      "Replays the recorded fills, prices and transfers twice side by side, as they were and with accounts assigned to " +
        "another margin model from their opening on, and reports what would have been different: accounts called, " +
        "liquidated and bankrupt, collateral asked, losses beyond collateral.\n\n" +
        "The inputs stay as recorded: nobody deposits more, and nobody is closed out earlier, because the other model asks.",
    )
    .requiredOption("--regime <id>", "isolated, cross, tables, a regime of `plimsoll regimes`, or a path to a document")
    .option(
      "--accounts <name...>",
      "assign, count and sum up only these accounts; * stands for any letters (default: all)",
    )
    .option("--from <moment>", "count from here on")
    .option("--to <moment>", "end here")
    .option(
      "--underlying <instrument=name...>",
      "underlyings that a regime asks for and the recorded listings do not name",
    )
    .option("--samples <n>", "moments at which both sides are summed up", wholeNumber(2, 10_000), 200)
    .option("--plot <file>", "write the samples as an SVG")
    .action(async (options: CounterfactualOptions) => {
      const question = questionOf(command, options);
      const bar = progressBar("counterfactual");
      await askPast(command, options, async (desk) => {
        try {
          const result = await compareRegimes(desk.replayer, question, bar.update);
          bar.stop();
          if (options.plot !== undefined) writeFileSync(options.plot, drawn(result, options.regime));
          if (options.json) printJson(command, documentOf(options.regime, result));
          else print(command, lines(options.regime, result, coloured(command)));
        } catch (error) {
          bar.stop();
          if (!(error instanceof RangeError)) throw error;
          command.error(`error: --regime ${options.regime}: ${error.message}`);
        }
      });
    });
  aboutPast(
    command,
    "  plimsoll counterfactual --regime cross\n" +
      "  plimsoll counterfactual --regime bitmex-2019-02 --accounts alice bob --plot asked.svg",
  );
}

function questionOf(command: Command, options: CounterfactualOptions): Question {
  const { regime } = options;
  const chosen = {
    accounts: options.accounts === undefined ? undefined : namesLike(options.accounts),
    underlyings: underlyingsOf(command, options.underlying ?? []),
  };
  const moments = {
    ...(options.from === undefined ? {} : { from: requireMoment(command, "--from", options.from) }),
    ...(options.to === undefined ? {} : { to: requireMoment(command, "--to", options.to) }),
    samples: options.samples,
  };
  if (regime === "isolated" || regime === "cross" || regime === "tables") {
    return { ...moments, assignment: { ...chosen, to: regime } };
  }
  if (!regime.endsWith(".yaml") && !listRegimes().includes(regime)) {
    return command.error(`error: --regime ${regime}: isolated, cross, tables, or one of \`plimsoll regimes\``);
  }
  const path = regime.endsWith(".yaml") ? regime : join(packageRoot, "regimes", `${regime}.yaml`);
  const document = readFileSync(path, "utf8");
  return { ...moments, document, assignment: { ...chosen, to: { regime: REGIME_NAME } } };
}

/** Names of accounts; a star stands for any letters. */
function namesLike(texts: readonly string[]): { has(name: string): boolean } {
  const plain = new Set(texts.filter((text) => !text.includes("*")));
  const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  const patterns = texts
    .filter((text) => text.includes("*"))
    .map((text) => new RegExp(`^${text.split("*").map(escaped).join(".*")}$`));
  return { has: (name) => plain.has(name) || patterns.some((pattern) => pattern.test(name)) };
}

function underlyingsOf(command: Command, texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const [instrument, underlying, ...rest] = text.split("=");
      if (!instrument || !underlying || rest.length > 0) {
        return command.error(`error: --underlying ${text}: write instrument=name, for example XBTUSD=XBT`);
      }
      return [instrument, underlying] as const;
    }),
  );
}

interface Peak {
  readonly value: bigint;
  readonly timeUs: number;
}

function peakOf(
  result: Comparison,
  side: "recorded" | "other",
  currency: number,
  of: (totals: Totals) => bigint,
): Peak {
  let peak: Peak = { value: 0n, timeUs: result.samples[0]?.timeUs ?? 0 };
  for (const sample of result.samples) {
    const totals = sample[side].get(currency);
    if (totals !== undefined && of(totals) > peak.value) peak = { value: of(totals), timeUs: sample.timeUs };
  }
  return peak;
}

function meanOf(
  result: Comparison,
  side: "recorded" | "other",
  currency: number,
  of: (totals: Totals) => bigint,
): bigint {
  const values = result.samples.map((sample) => sample[side].get(currency)).map((totals) => (totals ? of(totals) : 0n));
  return values.length === 0 ? 0n : values.reduce((sum, value) => sum + value, 0n) / BigInt(values.length);
}

function rowsOf(result: Comparison): [title: string, recorded: string, other: string][] {
  const { names, recorded, other } = result;
  const counts = STATES.flatMap((state): [string, string, string][] => {
    const a = recorded.reached(state);
    const b = other.reached(state);
    return [
      [`accounts ${state}`, `${a.accounts}`, `${b.accounts}`],
      [`times ${state}`, `${a.times}`, `${b.times}`],
      [`first ${state}`, firstOf(recorded, state), firstOf(other, state)],
    ];
  });
  const money = names.currencies.flatMap(({ name, scale }, currency): [string, string, string][] => {
    const text = (units: bigint): string => formatDecimal(units, scale);
    const both = (title: string, of: (side: "recorded" | "other") => bigint): [string, string, string] => [
      `${title}, ${name}`,
      text(of("recorded")),
      text(of("other")),
    ];
    const last = result.samples.at(-1);
    return [
      both("initial margin, mean", (side) => meanOf(result, side, currency, ({ initialMargin }) => initialMargin)),
      both(
        "initial margin, peak",
        (side) => peakOf(result, side, currency, ({ initialMargin }) => initialMargin).value,
      ),
      both("collateral asked, mean", (side) => meanOf(result, side, currency, ({ shortfall }) => shortfall)),
      both("collateral asked, peak", (side) => peakOf(result, side, currency, ({ shortfall }) => shortfall).value),
      both("losses that insurance bore", (side) => result[side].covered.get(currency) ?? 0n),
      both("equity below zero, peak", (side) => peakOf(result, side, currency, ({ deficit }) => deficit).value),
      both("equity below zero, last", (side) => last?.[side].get(currency)?.deficit ?? 0n),
    ];
  });
  return [
    ...counts,
    ...money,
    ["margins that could not be said", `${recorded.marginUnknown}`, `${other.marginUnknown}`],
    ["withdrawals refused now", "", `${result.refusedWithdrawals}`],
    ...[...result.refusedOthers].map(([reason, count]): [string, string, string] => [
      `inputs refused now, ${reasonName(reason)}`,
      "",
      `${count}`,
    ]),
  ];
}

function firstOf(tally: Tally, state: (typeof STATES)[number]): string {
  let first: number | undefined;
  for (const outcome of tally.accounts.values()) {
    const timeUs = outcome[state]?.firstTimeUs;
    if (timeUs !== undefined && (first === undefined || timeUs < first)) first = timeUs;
  }
  return first === undefined ? "-" : timeText(BigInt(first)).slice(0, 19);
}

function reasonName(reason: RefusalReason): string {
  return refusalReasonToJSON(reason).replace("REFUSAL_REASON_", "");
}

/** Accounts that came into a state on one side only. */
function differing(result: Comparison) {
  return result.names.accounts.flatMap((account, number) => {
    const recorded = result.recorded.accounts.get(number) ?? {};
    const other = result.other.accounts.get(number) ?? {};
    const differs = STATES.some((state) => (recorded[state] === undefined) !== (other[state] === undefined));
    return differs ? [{ account, recorded, other }] : [];
  });
}

function lines(regime: string, result: Comparison, colour: boolean): string[] {
  const others = differing(result);
  return [
    `${result.events} events, ${result.samples.length} samples; recorded against ${regime}`,
    "",
    ...table(
      [
        { title: "", align: "left" },
        { title: "recorded", align: "right" },
        { title: regime, align: "right" },
      ],
      rowsOf(result),
      colour,
    ),
    "",
    `${others.length} accounts came into a state on one side only${others.length === 0 ? "" : "; --json names them"}`,
    ...result.withdrawals.map(
      ({ position, account, currency, amount, reason }) =>
        `withdrawal at event ${position}: ${account}, ${amount} units of ${currency}, ${reasonName(reason)}`,
    ),
  ];
}

function documentOf(regime: string, result: Comparison): object {
  const { names, samples } = result;
  const totals = (side: ReadonlyMap<number, Totals>) =>
    Object.fromEntries([...side].map(([currency, sums]) => [names.currencies[currency]!.name, sums]));
  return {
    regime,
    events: result.events,
    table: rowsOf(result).map(([title, recorded, other]) => ({ title, recorded, other })),
    accounts: differing(result),
    withdrawals: result.withdrawals.map(({ reason, ...rest }) => ({ ...rest, refusal: reasonName(reason) })),
    samples: samples.map(({ timeUs, recorded, other }) => ({
      eventTime: timeText(BigInt(timeUs)),
      recorded: totals(recorded),
      other: totals(other),
    })),
  };
}

function drawn({ names, samples }: Comparison, regime: string): string {
  const panels = names.currencies.flatMap(({ name, scale }, currency) => {
    const line = (side: "recorded" | "other", colour: string, of: (totals: Totals) => bigint) => ({
      label: side === "recorded" ? "recorded" : regime,
      colour,
      points: samples.map((sample): [number, number] => {
        const totals = sample[side].get(currency);
        return [sample.timeUs, totals === undefined ? 0 : Number(of(totals)) / 10 ** scale];
      }),
    });
    const panel = (title: string, of: (totals: Totals) => bigint) => ({
      title: `${title}, ${name}`,
      lines: [line("recorded", "#1f6fb4", of), line("other", "#c0392b", of)],
    });
    return [
      panel("Initial margin", ({ initialMargin }) => initialMargin),
      panel("Collateral asked", ({ shortfall }) => shortfall),
      panel("Equity below zero", ({ deficit }) => deficit),
    ];
  });
  // A currency that nobody holds, or nothing below zero, needs no picture.
  return plot(panels.filter(({ lines }) => lines.some(({ points }) => points.some(([, value]) => value !== 0))));
}
