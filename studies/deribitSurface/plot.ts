import { type Axis, timeAxis, valueAxis } from "./axis.ts";
import type { SnapshotCensus } from "./census.ts";
import { STUDIED_REGIMES } from "./regimes.ts";

const WIDTH = 960;
const LEFT = 76;
const RIGHT = 936;
const PANEL_HEIGHT = 190;
const PANEL_GAP = 62;
const FIRST_PANEL = 96;
/** Told apart by people who see colours differently too; lines also differ in their dashes. */
const LOOKS = [
  { colour: "#0072b2", dash: "" },
  { colour: "#d55e00", dash: "7 3" },
  { colour: "#009e73", dash: "2 3" },
] as const;
const INK = "#222222";
const GREY = "#777777";

interface Line {
  readonly values: readonly number[];
  readonly colour: string;
  readonly dash: string;
}

/** Three panels over one time axis, as SVG text: initial margin asked, accounts liquidating, and what BTC did. */
export function plotOf(censuses: readonly SnapshotCensus[]): string {
  const times = censuses.map(({ time }) => Date.parse(time));
  const time = timeAxis(times[0]!, times.at(-1)!, LEFT, RIGHT);
  const byRegime = (value: (census: SnapshotCensus, regime: number) => number): Line[] =>
    LOOKS.map((look, regime) => ({ ...look, values: censuses.map((census) => value(census, regime)) }));
  const asked = byRegime(({ regimes }, regime) => regimes[regime]!.initialUsd / 1e6);
  const failing = byRegime(({ regimes }, regime) => regimes[regime]!.liquidating + regimes[regime]!.bankrupt);
  const lost: Line = { values: censuses.map(({ underWater }) => underWater), colour: GREY, dash: "1 2" };
  const btc: Line = { values: censuses.map(({ indexUsd }) => indexUsd.BTC / 1000), colour: INK, dash: "" };
  const height = panelTop(3) + 6;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="13">`,
    "<title>Initial margin asked and accounts liquidating under three margin regimes, and the BTC index</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(
      LEFT,
      28,
      "The same books under three margin regimes, Deribit option chains",
      `font-size="17" font-weight="bold" fill="${INK}"`,
    ),
    ...legend(),
    ...panel(0, "Initial margin asked, sum over all accounts, million USD", asked, 0, times, time),
    ...panel(
      1,
      "Accounts liquidating or bankrupt (grey: books worth less than nothing)",
      [lost, ...failing],
      0,
      times,
      time,
    ),
    ...panel(2, "BTC index, thousand USD", [btc], Math.min(...btc.values), times, time),
    text(RIGHT, height - 12, "month and day of 2026, at midnight UTC", `text-anchor="end" fill="${GREY}"`),
    "</svg>",
    "",
  ].join("\n");
}

function panelTop(number: number): number {
  return FIRST_PANEL + number * (PANEL_HEIGHT + PANEL_GAP);
}

function legend(): string[] {
  return STUDIED_REGIMES.flatMap(({ title }, at) => {
    const x = LEFT + at * 210;
    const { colour, dash } = LOOKS[at]!;
    return [
      `<line x1="${x}" y1="48" x2="${x + 34}" y2="48" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`,
      text(x + 42, 52, title),
    ];
  });
}

function panel(
  number: number,
  title: string,
  lines: readonly Line[],
  lowest: number,
  times: readonly number[],
  time: Axis,
) {
  const top = panelTop(number);
  const bottom = top + PANEL_HEIGHT;
  const axis = valueAxis(lowest, Math.max(...lines.flatMap(({ values }) => values)), top, bottom);
  return [
    text(LEFT, top - 12, title, `font-weight="bold" fill="${INK}"`),
    ...axis.ticks.flatMap((tick) => [
      `<line x1="${LEFT}" y1="${digits(axis.at(tick))}" x2="${RIGHT}" y2="${digits(axis.at(tick))}" stroke="#e4e4e4"/>`,
      text(LEFT - 8, axis.at(tick) + 4, String(Math.round(tick * 100) / 100), `text-anchor="end" fill="${GREY}"`),
    ]),
    ...time.ticks.flatMap((tick) => [
      `<line x1="${digits(time.at(tick))}" y1="${bottom}" x2="${digits(time.at(tick))}" y2="${bottom + 5}" stroke="${GREY}"/>`,
      text(time.at(tick), bottom + 19, dayOf(tick), `text-anchor="middle" fill="${GREY}"`),
    ]),
    `<line x1="${LEFT}" y1="${bottom}" x2="${RIGHT}" y2="${bottom}" stroke="${GREY}"/>`,
    ...lines.map(({ values, colour, dash }) => {
      const points = values.map((value, at) => `${digits(time.at(times[at]!))},${digits(axis.at(value))}`).join(" ");
      return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}" stroke-linejoin="round"/>`;
    }),
  ];
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(5, 10);
}

function text(x: number, y: number, content: string, attributes = `fill="${INK}"`): string {
  return `<text x="${digits(x)}" y="${digits(y)}" ${attributes}>${content}</text>`;
}

function digits(value: number): string {
  return String(Math.round(value * 10) / 10);
}
