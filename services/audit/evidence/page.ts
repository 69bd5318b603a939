// The page of an evidence file: checks it in the reader's own browser and draws what it says. No server, nothing is loaded.

import { type CheckReport, type CoursePoint, checkEvidence } from "./checkEvidence.ts";
import type { EvidenceFile } from "./evidenceFile.ts";
import { ReplayKernel, type ScenarioRow } from "./replayKernel.ts";

const STATES = ["", "healthy", "called", "liquidating", "bankrupt"] as const;
const WIDTH = 960;
const HEIGHT = 280;
const LEFT = 90;
const BOTTOM = 30;

/** Starts when the page is there: the file stands in the element #evidence. */
async function start(): Promise<void> {
  const file = JSON.parse(element("evidence").textContent ?? "") as EvidenceFile;
  element("title").textContent = `Account ${file.account}, events ${file.from} to ${file.to}`;
  const report = await checkEvidence(file, (done, of) => {
    element("verdict").textContent = `replaying ${done} of ${of} rows`;
  });
  showVerdict(report);
  const names = [...new Set(report.course.flatMap(({ pools }) => pools.map(({ name }) => name)))];
  const choice = element("pool") as HTMLSelectElement;
  choice.replaceChildren(...names.map((name) => made("option", { value: name }, name)));
  choice.value = names.reduce(
    (most, name) => (marginOf(report, name) > marginOf(report, most) ? name : most),
    names[0] ?? "",
  );
  const draw = () => {
    showChart(report.course, choice.value, (point) => showMoment(file, report.course, point));
    showEvents(report.course, choice.value, (point) => showMoment(file, report.course, point));
  };
  choice.addEventListener("change", draw);
  draw();
  const last = report.course.at(-1);
  if (last !== undefined) showMoment(file, report.course, last);
  document.body.dataset["ready"] = report.holds ? "holds" : "fails";
}

/** How often there was margin to cover: what is looked at first. */
function marginOf({ course }: CheckReport, name: string): number {
  return course.filter((point) => (figuresOf(point, name)?.maintenance ?? 0) > 0).length;
}

function showVerdict({ holds, findings }: CheckReport): void {
  const verdict = element("verdict");
  verdict.textContent = holds ? "Everything holds." : "This file does not hold.";
  verdict.className = holds ? "holds" : "fails";
  element("findings").replaceChildren(
    ...findings.map(({ what, holds: good, detail }) =>
      made("li", { class: good ? "holds" : "fails" }, `${good ? "✓" : "✗"} ${what}: ${detail}`),
    ),
  );
}

function figuresOf(point: CoursePoint, name: string) {
  const pool = point.pools.find((each) => each.name === name);
  if (pool === undefined) return undefined;
  const units = 10 ** pool.scale;
  return {
    equity: Number(pool.equity) / units,
    initial: Number(pool.initialMargin) / units,
    maintenance: Number(pool.maintenanceMargin) / units,
    state: pool.state,
  };
}

/** Equity, initial and maintenance margin as steps over the events; a click chooses a moment. */
function showChart(course: readonly CoursePoint[], name: string, choose: (point: CoursePoint) => void): void {
  const shown = course.flatMap((point) => {
    const figures = figuresOf(point, name);
    return figures === undefined ? [] : [{ point, ...figures }];
  });
  const chart = element("chart");
  chart.replaceChildren();
  if (shown.length === 0) return;
  const values = shown.flatMap(({ equity, initial, maintenance }) => [equity, initial, maintenance, 0]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, final] = [shown[0]!.point.eventTimeUs, shown.at(-1)!.point.eventTimeUs];
  const x = (timeUs: number) => LEFT + ((timeUs - first) / (final - first || 1)) * (WIDTH - LEFT - 10);
  const y = (value: number) => 10 + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - 10);
  const steps = (of: (each: (typeof shown)[number]) => number) =>
    shown
      .map((each, index) => {
        const at = `${x(each.point.eventTimeUs).toFixed(1)},`;
        const before = index === 0 ? "" : `${at}${y(of(shown[index - 1]!)).toFixed(1)} `;
        return `${before}${at}${y(of(each)).toFixed(1)}`;
      })
      .join(" ");
  const lines = [
    ["equity", steps(({ equity }) => equity)],
    ["initial", steps(({ initial }) => initial)],
    ["maintenance", steps(({ maintenance }) => maintenance)],
  ] as const;
  const svg = drawn("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `equity and margin of ${name} over time`,
  });
  for (const value of [low, 0, high]) {
    svg.append(drawn("line", { class: "axis", x1: LEFT, x2: WIDTH - 10, y1: y(value), y2: y(value) }));
    svg.append(drawn("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value.toPrecision(6)));
  }
  for (const [name_, points] of lines) svg.append(drawn("polyline", { class: name_, points }));
  for (const { point, equity, state } of shown) {
    const dot = drawn("circle", { class: `dot state${state}`, cx: x(point.eventTimeUs), cy: y(equity), r: 4 });
    dot.append(drawn("title", {}, `${time(point.eventTimeUs)} ${point.label}`));
    dot.addEventListener("click", () => choose(point));
    svg.append(dot);
  }
  svg.append(drawn("text", { x: LEFT, y: HEIGHT - 8 }, time(first)));
  svg.append(drawn("text", { x: WIDTH - 10, y: HEIGHT - 8, "text-anchor": "end" }, time(final)));
  chart.replaceChildren(svg);
}

function showEvents(course: readonly CoursePoint[], name: string, choose: (point: CoursePoint) => void): void {
  element("events").replaceChildren(
    ...course.map((point) => {
      const figures = figuresOf(point, name);
      const cells = [
        String(point.position),
        time(point.eventTimeUs),
        point.label,
        figures === undefined ? "" : String(figures.equity),
        figures === undefined ? "" : String(figures.initial),
        figures === undefined ? "" : String(figures.maintenance),
        STATES[point.state] ?? "",
      ];
      const row = made("tr", { class: `state${point.state}` });
      row.append(...cells.map((text) => made("td", {}, text)));
      row.addEventListener("click", () => choose(point));
      return row;
    }),
  );
}

/** Replays up to a moment and shows what the account's pools would gain and lose there. */
function showMoment(file: EvidenceFile, course: readonly CoursePoint[], point: CoursePoint): void {
  element("moment").textContent =
    `Scenarios after event ${point.position}, ${time(point.eventTimeUs)} (${point.label})`;
  const kernel = new ReplayKernel(Uint8Array.from(atob(file.kernel), (character) => character.charCodeAt(0)));
  for (const row of file.rows) {
    if (row.position > point.position) break;
    if (row.kind >= 70 || (row.kind >= 60 && row.account !== null)) continue;
    kernel.feed({ ...row, payload: Uint8Array.from(atob(row.payload), (character) => character.charCodeAt(0)) });
  }
  const rows = kernel.scenarios();
  element("grid").replaceChildren(rows.length === 0 ? made("p", {}, "no open position") : gridTable(rows));
  element("moments").textContent = `${course.length} moments; choose one in the chart or the list.`;
}

/** Moves down, pools and isolated positions across: red is a loss, green a gain, each column in its own scale. */
function gridTable(rows: readonly ScenarioRow[]): HTMLElement {
  const table = made("table", { class: "grid" });
  const head = made("tr", {});
  head.append(made("th", {}, "price move"), ...rows.map(({ name }) => made("th", {}, name)));
  table.append(head);
  const moves = [...new Set(rows.flatMap((row) => row.moves))].sort((a, b) => a - b);
  for (const move of moves) {
    const line = made("tr", {});
    line.append(made("th", {}, `${move > 0 ? "+" : ""}${(move * 100).toFixed(1)} %`));
    for (const { scale, moves: own, values } of rows) {
      const value = values[own.indexOf(move)];
      const share = Math.abs(value ?? 0) / Math.max(...values.map(Math.abs), Number.MIN_VALUE);
      const colour = (value ?? 0) < 0 ? `rgba(214,69,65,${share.toFixed(2)})` : `rgba(39,134,85,${share.toFixed(2)})`;
      line.append(
        made("td", { style: `background:${colour}` }, value === undefined ? "" : (value / 10 ** scale).toPrecision(6)),
      );
    }
    table.append(line);
  }
  return table;
}

function time(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString().replace("T", " ").replace("Z", "");
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

function made(tag: string, attributes: Readonly<Record<string, string>>, text = ""): HTMLElement {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

function drawn(tag: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.textContent = text;
  return node;
}

start().catch((error: unknown) => {
  element("verdict").textContent = `The page cannot read this file: ${String(error)}`;
  element("verdict").className = "fails";
  document.body.dataset["ready"] = "broken";
});
