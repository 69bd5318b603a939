import type { ScenarioTable } from "../../services/evaluate/explain.ts";

interface Axis {
  readonly name: string;
  readonly values: readonly number[];
}

const RESET = "\u001b[0m";
/** Backgrounds of the 256-colour palette, from a small to a large loss and gain. */
const LOSSES = [224, 217, 210, 203, 196];
const GAINS = [194, 157, 120, 83, 46];
const WORST_MARK = "*";

/**
 * A row of a scenario grid as lines of text: a table when two attributes span it, else a list. The worst scenario is marked
 * with a star; on terminals that show colour, losses are red and gains green.
 */
export function heatMap(table: ScenarioTable, colour: boolean): string[] {
  const axes = spanning(table);
  const most = Math.max(...table.values.map((value) => Math.abs(value)), Number.MIN_VALUE);
  const cell = (index: number | undefined, width: number): string => {
    if (index === undefined) return " ".repeat(width);
    const value = table.values[index]!;
    const text = `${amount(value, most)}${index === table.worst ? WORST_MARK : " "}`.padStart(width);
    return colour ? `${background(value / most)}${text}${RESET}` : text;
  };
  if (axes === undefined) return list(table, cell);
  const [across, down] = axes;
  const width = Math.max(...table.values.map((value) => amount(value, most).length)) + 2;
  const head =
    `${across.name} `.padStart(LABEL) +
    distinct(across.values)
      .map((value) => label(value).padStart(width))
      .join("");
  return [
    head,
    ...distinct(down.values).map(
      (y) =>
        `${down.name} ${label(y)} `.padStart(LABEL) +
        distinct(across.values)
          .map((x) => {
            const index = table.values.findIndex((_, at) => across.values[at] === x && down.values[at] === y);
            return cell(index < 0 ? undefined : index, width);
          })
          .join(""),
    ),
  ];
}

const LABEL = 18;

function list(table: ScenarioTable, cell: (index: number, width: number) => string): string[] {
  const varying = table.attributes.filter(({ values }) => distinct(values).length > 1);
  return table.values.map((_, index) => {
    const name = varying.map(({ name: attribute, values }) => `${attribute} ${label(values[index]!)}`).join("  ");
    return `${(name === "" ? `scenario ${index + 1}` : name).padStart(LABEL + 12)} ${cell(index, 16)}`;
  });
}

/** The two attributes whose values tell all scenarios apart, the one with more values across. */
function spanning({ attributes, values }: ScenarioTable): [Axis, Axis] | undefined {
  const varying = attributes
    .filter((attribute) => distinct(attribute.values).length > 1)
    .sort((a, b) => distinct(b.values).length - distinct(a.values).length);
  for (const [place, across] of varying.entries()) {
    for (const down of varying.slice(place + 1)) {
      const cells = new Set(values.map((_, index) => `${across.values[index]}/${down.values[index]}`));
      if (cells.size === values.length) return [{ ...across, values: across.values }, down];
    }
  }
  return undefined;
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function label(value: number): string {
  return `${value > 0 ? "+" : ""}${Number.parseFloat(value.toPrecision(6))}`;
}

/** As many digits as tell cells apart: about six beside the largest. */
function amount(value: number, most: number): string {
  const digits = Math.max(0, Math.min(10, 5 - Math.floor(Math.log10(most))));
  return value.toFixed(digits);
}

function background(share: number): string {
  if (share === 0 || Number.isNaN(share)) return "";
  const shades = share < 0 ? LOSSES : GAINS;
  const shade = shades[Math.min(shades.length - 1, Math.floor(Math.abs(share) * shades.length))];
  return `\u001b[48;5;${shade}m\u001b[30m`;
}
