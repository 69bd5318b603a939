// Equity against margin over time, on the page of an evidence file.

import type { CoursePoint } from "./checkEvidence.ts";
import { drawn } from "./dom.ts";
import { type Figures, figuresOf, rounded, STATES, time } from "./figures.ts";

const WIDTH = 1000;
const HEIGHT = 320;
const LEFT = 96;
const TOP = 26;
const RIGHT = 12;
const BOTTOM = 34;
const TICKS = 4;
/** Drawn in this order: equity last, over the margin that it covers. */
const LINES = ["initial", "maintenance", "equity"] as const;

type Shown = Figures & { readonly point: CoursePoint };

/**
 * Steps over the events of a pool or isolated position, each with a dot in the colour of its state; a click on a dot chooses it.
 * @returns undefined when it never was
 */
export function chartOf(
  course: readonly CoursePoint[],
  name: string,
  chosen: CoursePoint | undefined,
  choose: (point: CoursePoint) => void,
): SVGElement | undefined {
  const shown = course.flatMap((point): Shown[] => {
    const figures = figuresOf(point, name);
    return figures === undefined ? [] : [{ point, ...figures }];
  });
  const [start, end] = [shown[0], shown.at(-1)];
  if (start === undefined || end === undefined) return undefined;
  const values = shown.flatMap(({ equity, initial, maintenance }) => [equity, initial, maintenance, 0]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [start.point.eventTimeUs, end.point.eventTimeUs];
  const x = (timeUs: number) => LEFT + ((timeUs - first) / (last - first || 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - TOP);
  const svg = drawn("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `equity, initial and maintenance margin of ${name} in ${start.currency} over time`,
  });
  svg.append(drawn("text", { x: LEFT - 8, y: 14, "text-anchor": "end", class: "unit" }, start.currency));
  const steps = Array.from({ length: TICKS + 1 }, (_, step) => step / TICKS);
  for (const value of new Set([...steps.map((share) => low + (high - low) * share), 0])) {
    const line = { class: value === 0 ? "axis zero" : "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) };
    svg.append(drawn("line", line));
    // Zero is always told; a tick that would stand on it is not.
    if (value !== 0 && Math.abs(y(value) - y(0)) < 12) continue;
    svg.append(drawn("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, rounded(value)));
  }
  for (const share of steps) {
    const at = first + (last - first) * share;
    const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
    svg.append(drawn("line", { class: "axis", x1: x(at), x2: x(at), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 5 }));
    const text = time(Math.round(at / 1_000_000) * 1_000_000);
    svg.append(drawn("text", { x: x(at), y: HEIGHT - 12, "text-anchor": anchor }, text));
  }
  for (const line of LINES) svg.append(drawn("polyline", { class: line, points: stepsOf(shown, line, x, y) }));
  if (chosen !== undefined && chosen.eventTimeUs >= first && chosen.eventTimeUs <= last) {
    const at = x(chosen.eventTimeUs);
    svg.append(drawn("line", { class: "chosen", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }));
  }
  for (const { point, equity, state, texts, currency } of shown) {
    const dot = drawn("circle", { class: `dot state${state}`, cx: x(point.eventTimeUs), cy: y(equity), r: 3.5 });
    const told = `${time(point.eventTimeUs)} UTC, ${point.label}: ${STATES[state]}, equity ${texts[0]} ${currency}`;
    dot.append(drawn("title", {}, told));
    dot.addEventListener("click", () => choose(point));
    svg.append(dot);
  }
  return svg;
}

function stepsOf(
  shown: readonly Shown[],
  line: (typeof LINES)[number],
  x: (timeUs: number) => number,
  y: (value: number) => number,
): string {
  return shown
    .map((each, index) => {
      const at = `${x(each.point.eventTimeUs).toFixed(1)},`;
      const before = index === 0 ? "" : `${at}${y(shown[index - 1]![line]).toFixed(1)} `;
      return `${before}${at}${y(each[line]).toFixed(1)}`;
    })
    .join(" ");
}
