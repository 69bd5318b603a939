/** A line of a panel: values by time, both ascending in their own units. */
export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly points: readonly (readonly [timeUs: number, value: number])[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const WIDTH = 860;
const PANEL_HEIGHT = 220;
const MARGIN = { left: 90, right: 16, top: 34, bottom: 28 } as const;
const TICKS = 4;

/** Panels of lines over one time axis, as an SVG document without anything from outside. */
export function plot(panels: readonly Panel[]): string {
  const times = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([timeUs]) => timeUs)));
  const first = Math.min(...times);
  const last = Math.max(...times, first + 1);
  const height = panels.length * PANEL_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${panels.map(({ title }) => title).join("; ")}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...panels.flatMap((panel, index) => drawn(panel, index * PANEL_HEIGHT, first, last)),
    "</svg>\n",
  ].join("\n");
}

function drawn({ title, lines }: Panel, top: number, first: number, last: number): string[] {
  const most = Math.max(1e-12, ...lines.flatMap(({ points }) => points.map(([, value]) => value)));
  const right = WIDTH - MARGIN.right;
  const bottom = top + PANEL_HEIGHT - MARGIN.bottom;
  const x = (timeUs: number): string =>
    (MARGIN.left + ((timeUs - first) / (last - first)) * (right - MARGIN.left)).toFixed(1);
  const y = (value: number): string => (bottom - (value / most) * (bottom - top - MARGIN.top)).toFixed(1);
  const steps = Array.from({ length: TICKS + 1 }, (_, step) => step / TICKS);
  return [
    `<text x="${MARGIN.left}" y="${top + 16}" font-weight="bold">${title}</text>`,
    ...lines.map(
      ({ label, colour }, index) =>
        `<text x="${right - index * 150}" y="${top + 16}" text-anchor="end" fill="${colour}">${label}</text>`,
    ),
    ...steps.map(
      (share) =>
        `<line x1="${MARGIN.left}" x2="${right}" y1="${y(most * share)}" y2="${y(most * share)}" stroke="#ddd"/>` +
        `<text x="${MARGIN.left - 6}" y="${y(most * share)}" text-anchor="end">${number(most * share)}</text>`,
    ),
    ...steps.map((share) => {
      const timeUs = first + (last - first) * share;
      const text = new Date(timeUs / 1000).toISOString().slice(0, 16).replace("T", " ");
      const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
      return `<text x="${x(timeUs)}" y="${bottom + 16}" text-anchor="${anchor}">${text}</text>`;
    }),
    ...lines.map(({ colour, points }) => {
      const path = points.map(([timeUs, value]) => `${x(timeUs)},${y(value)}`).join(" ");
      return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.2"/>`;
    }),
  ];
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
