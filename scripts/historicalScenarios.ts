// Joint daily returns of several underlyings from hourly bars, as the `scenarios:` of a regime document: the last days as
// they were, the same freed of their volatility, and the worst days of the whole history. Prints YAML.
//
//   node scripts/historicalScenarios.ts BTC=btc_1h.csv.gz ETH=eth_1h.csv.gz > rows.yaml
//
// A bar is `open_time_utc,open,high,low,close,..`; a day ends with the close of its bar of 23:00 UTC.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Command } from "commander";

interface Options {
  readonly days: string;
  readonly stressDays: string;
  readonly decay: string;
  readonly from: string;
  readonly until: string;
}

const command = new Command("historicalScenarios")
  .argument("<underlying=file...>", "gzipped bars of an hour, by underlying")
  .option("--days <count>", "scenarios of the recent past", "500")
  .option("--stress-days <count>", "scenarios of stress", "50")
  .option("--decay <factor>", "of the squared volatility, a day", "0.97")
  .option("--from <date>", "first day of the history", "2019-12-03")
  .option("--until <date>", "day after the last", "2026-04-01")
  .parse();

const options = command.opts<Options>();
const files = command.args.map((argument) => argument.split("=") as [string, string]);
const DECAY = Number(options.decay);
/** Days that the volatility takes to forget where it began. */
const WARM_UP = 120;

/** Close of each day, by date. */
function dailyCloses(file: string): ReadonlyMap<string, number> {
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trim().split("\n").slice(1);
  return new Map(
    lines.flatMap((line) => {
      const [time = "", , , , close] = line.split(",");
      return time.slice(11, 13) === "23" && close !== "" ? [[time.slice(0, 10), Number(close)] as const] : [];
    }),
  );
}

const closes = files.map(([, file]) => dailyCloses(file));
const dates = [...(closes[0]?.keys() ?? [])].filter(
  (date) => date >= options.from && date < options.until && closes.every((each) => each.has(date)),
);
const returnDates = dates.slice(1);
const returns = closes.map((each) =>
  returnDates.map((date, at) => (each.get(date) as number) / (each.get(dates[at] as string) as number) - 1),
);

const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

/** Exponentially weighted volatility before each day, and after the last. */
function volatilities(values: readonly number[]): readonly number[] {
  const found = [rootMeanSquare(values.slice(0, WARM_UP))];
  for (const value of values)
    found.push(Math.sqrt(DECAY * (found.at(-1) as number) ** 2 + (1 - DECAY) * value * value));
  return found;
}

const filters = returns.map(volatilities);
const recent = returnDates.length - Number(options.days);
if (recent < WARM_UP) command.error(`error: ${returnDates.length} days are too few for ${options.days} scenarios`);

/** Days of the greatest joint moves, each underlying measured by its own volatility of the whole history. */
const longRun = returns.map(rootMeanSquare);
const size = (day: number): number =>
  returns.reduce((sum, values, at) => sum + Math.abs((values[day] as number) / (longRun[at] as number)), 0);
const stressed = returnDates
  .map((_, day) => day)
  .sort((a, b) => size(b) - size(a))
  .slice(0, Number(options.stressDays))
  .sort((a, b) => a - b);

const digits = (value: number): string => String(Number(value.toFixed(6)));
/** Twelve values a line. */
const row = (name: string, values: readonly number[]): string => {
  const lines = Array.from({ length: Math.ceil(values.length / 12) }, (_, line) =>
    values
      .slice(12 * line, 12 * line + 12)
      .map(digits)
      .join(", "),
  );
  return `        ${name}: [\n          ${lines.join(",\n          ")},\n        ]`;
};
const block = (column: string, pick: (underlying: number) => readonly number[]): string[] => [
  `      ${column}:`,
  ...files.map(([name], at) => row(name, pick(at))),
];

process.stdout.write(
  [
    `# ${returnDates[recent]} .. ${returnDates.at(-1)}; stress from ${returnDates[0]} on`,
    `# volatility of the last day: ${files.map(([name], at) => `${name} ${digits(filters[at]?.at(-1) as number)}`).join(", ")}`,
    `# of the whole history: ${files.map(([name], at) => `${name} ${digits(longRun[at] as number)}`).join(", ")}`,
    "  history:",
    "    kind: joint",
    "    rows:",
    ...block("past_move", (at) => (returns[at] as readonly number[]).slice(recent)),
    ...block("residual", (at) =>
      (returns[at] as readonly number[]).map((value, day) => value / (filters[at]?.[day] as number)).slice(recent),
    ),
    "  stress:",
    "    kind: joint",
    "    rows:",
    ...block("stress_move", (at) => stressed.map((day) => returns[at]?.[day] as number)),
    "",
  ].join("\n"),
);
