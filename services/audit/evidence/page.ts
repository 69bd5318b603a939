// The page of an evidence file: checks it in the reader's own browser and draws what it says. No server, nothing is loaded.

import { type ScenarioRow, scenariosOf } from "./accountFigures.ts";
import { chartOf } from "./chart.ts";
import { type CheckReport, type CoursePoint, checkEvidence, type Finding } from "./checkEvidence.ts";
import { element, made, rowOf } from "./dom.ts";
import type { EvidenceFile } from "./evidenceFile.ts";
import { figuresOf, rounded, STATES, time } from "./figures.ts";
import { ReplayKernel } from "./replayKernel.ts";

/** What each check asks, for a reader who knows margin and not this program. */
const QUESTIONS: Readonly<Record<Finding["what"], string>> = {
  format: "Is the file of a kind that this page reads?",
  kernel: "Is the margin program in the file the one that the journal names?",
  signature: "Did the holder of the key sign where the journal stood?",
  chain: "Does every batch stand on the one before, up to the signed head?",
  rows: "Is every event shown the one that stands in the journal?",
  history: "Is no event of the account left out?",
  replay: "Does the program, run here on these events, give every recorded figure again?",
  claims: "Are the results that the file claims those of the run?",
};

/** Starts when the page is there: the file stands in the element #evidence. */
async function start(): Promise<void> {
  const file = JSON.parse(element("evidence").textContent ?? "") as EvidenceFile;
  element("title").textContent = `Margin history of account ${file.account}`;
  const report = await checkEvidence(file, (done, of) => {
    element("verdict").textContent = `Checking: row ${done} of ${of}`;
  });
  showVerdict(file, report);
  showSummary(file, report.course);
  const names = [...new Set(report.course.flatMap(({ pools }) => pools.map(({ name }) => name)))];
  const choice = element("pool") as HTMLSelectElement;
  choice.replaceChildren(...names.map((name) => made("option", { value: name }, poolText(report.course, name))));
  choice.value = names.reduce(
    (most, name) => (marginOf(report, name) > marginOf(report, most) ? name : most),
    names[0] ?? "",
  );
  let chosen = report.course.at(-1);
  const draw = (): void => {
    const svg = chartOf(report.course, choice.value, chosen, choose);
    element("chart").replaceChildren(...(svg === undefined ? [] : [svg]));
    showEvents(report.course, choice.value, chosen, choose);
  };
  const choose = (point: CoursePoint): void => {
    chosen = point;
    showMoment(file, point);
    draw();
  };
  choice.addEventListener("change", draw);
  if (chosen === undefined) draw();
  else choose(chosen);
  document.body.dataset["ready"] = report.holds ? "holds" : "fails";
}

/** A pool by its currency, an isolated position by its instrument and the currency that it is margined in. */
function poolText(course: readonly CoursePoint[], name: string): string {
  const figures = course.map((point) => figuresOf(point, name)).find((each) => each !== undefined);
  return figures === undefined || figures.currency === name
    ? `${name} pool`
    : `${name}, isolated, in ${figures.currency}`;
}

/** How often there was margin to cover: what is looked at first. */
function marginOf({ course }: CheckReport, name: string): number {
  return course.filter((point) => (figuresOf(point, name)?.maintenance ?? 0) > 0).length;
}

function showVerdict({ head, from }: EvidenceFile, { holds, findings }: CheckReport): void {
  const signed = head.signature !== undefined;
  const verdict = element("verdict");
  const wrong = findings.find((each) => !each.holds);
  verdict.textContent = !holds ? "Not verified" : signed ? "Verified" : "Verified, but not signed";
  element("verdictBox").className = !holds ? "fails" : signed ? "holds" : "partly";
  element("meaning").textContent =
    wrong !== undefined
      ? `This file contradicts itself. First: ${wrong.what}: ${wrong.detail}.`
      : "The margin history below follows, to the last unit, from the recorded events. They are all events of the account, and " +
        `${from === 1 ? "they" : `those from event ${from} on`} stand unchanged in journal “${head.shard}”, whose head is event ${head.position}. ` +
        (signed
          ? `That head was signed by key ${head.keyId}. Whose key that is, no file can prove: compare it with the one that the venue published.`
          : `Nobody signed that head: compare its hash, ${head.chainHash}, with one that you have from elsewhere.`);
  element("findings").replaceChildren(
    ...findings.map(({ what, holds: good, detail }) => {
      const row = rowOf([good ? "✓" : "✗", what, QUESTIONS[what], detail]);
      row.className = good ? "holds" : "fails";
      return row;
    }),
  );
}

/** What happened, in a few lines. */
function showSummary({ head, kernelHash }: EvidenceFile, course: readonly CoursePoint[]): void {
  const [first, last] = [course[0], course.at(-1)];
  if (first === undefined || last === undefined) return;
  const reached = [2, 3, 4].map((state): [string, string] => {
    const entries = course.filter((point, at) => point.state === state && course[at - 1]?.state !== state);
    const when =
      entries[0] === undefined ? "never" : `${entries.length} times, first ${time(entries[0].eventTimeUs)} UTC`;
    return [`Came to be ${STATES[state]}`, when];
  });
  const rows: [string, string][] = [
    ["Period", `${time(first.eventTimeUs)} to ${time(last.eventTimeUs)} UTC (event times)`],
    [
      "Journal",
      `${head.shard}, events ${first.position} to ${last.position}; head: event ${head.position}, batch ${head.batch}`,
    ],
    ["Moments", `${course.length}: each event of the account, and each price that changed its state`],
    ...reached,
    ["State at the end", STATES[last.state] ?? ""],
    ["Margin program", `kernel ${kernelHash}, in this file`],
  ];
  element("summary").replaceChildren(...rows.map((cells) => rowOf(cells)));
}

function showEvents(
  course: readonly CoursePoint[],
  name: string,
  chosen: CoursePoint | undefined,
  choose: (point: CoursePoint) => void,
): void {
  const currency = course.map((point) => figuresOf(point, name)?.currency).find((each) => each !== undefined) ?? "";
  for (const [id, title] of [
    ["equityHead", "equity"],
    ["initialHead", "initial margin"],
    ["maintenanceHead", "maintenance margin"],
  ] as const)
    element(id).textContent = `${title}, ${currency}`;
  element("events").replaceChildren(
    ...course.map((point) => {
      const texts = figuresOf(point, name)?.texts ?? ["–", "–", "–"];
      const row = rowOf([
        `${point.position}`,
        time(point.eventTimeUs),
        point.label,
        ...texts,
        STATES[point.state] ?? "",
      ]);
      row.className = `state${point.state}${point === chosen ? " chosen" : ""}`;
      row.addEventListener("click", () => choose(point));
      return row;
    }),
  );
}

/** Replays up to a moment and shows what the account's pools would gain and lose there. */
function showMoment(file: EvidenceFile, point: CoursePoint): void {
  element("moment").textContent = `${time(point.eventTimeUs)} UTC, after event ${point.position} (${point.label})`;
  const kernel = new ReplayKernel(Uint8Array.from(atob(file.kernel), (character) => character.charCodeAt(0)));
  for (const row of file.rows) {
    if (row.position > point.position) break;
    if (row.kind >= 70) continue;
    kernel.feed({ ...row, payload: Uint8Array.from(atob(row.payload), (character) => character.charCodeAt(0)) });
  }
  const rows = scenariosOf(kernel.memory, kernel.market);
  element("grid").replaceChildren(rows.length === 0 ? made("p", {}, "No open position.") : gridTable(rows));
}

/** Moves down, pools and isolated positions across: red is a loss, green a gain, each column in its own scale. */
function gridTable(rows: readonly ScenarioRow[]): HTMLElement {
  const table = made("table", { class: "grid" });
  const titles = rows.map(({ name, currency }) => (name === currency ? `${name} pool` : `${name}, ${currency}`));
  table.append(rowOf(["price move", ...titles], "th"));
  const moves = [...new Set(rows.flatMap((row) => row.moves))].sort((a, b) => a - b);
  for (const move of moves) {
    const line = made("tr", {});
    const sign = move > 0 ? "+" : move < 0 ? "\u2212" : "";
    line.append(made("th", {}, `${sign}${(Math.abs(move) * 100).toFixed(1)} %`));
    for (const { scale, moves: own, values } of rows) {
      const value = values[own.indexOf(move)];
      const share = Math.abs(value ?? 0) / Math.max(...values.map(Math.abs), Number.MIN_VALUE);
      const colour = (value ?? 0) < 0 ? `rgba(214,69,65,${share.toFixed(2)})` : `rgba(39,134,85,${share.toFixed(2)})`;
      const text = value === undefined ? "" : rounded(value / 10 ** scale);
      line.append(made("td", { style: `background:${colour}` }, text));
    }
    table.append(line);
  }
  return table;
}

start().catch((error: unknown) => {
  element("verdict").textContent = "This page cannot read the file";
  element("meaning").textContent = String(error);
  element("verdictBox").className = "fails";
  document.body.dataset["ready"] = "broken";
});
