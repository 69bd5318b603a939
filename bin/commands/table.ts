import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

/** A cell of a table; the style counts on terminals that show colour. */
export type Cell = string | { readonly text: string; readonly style: Style };

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

const GAP = "  ";

/** Lines of a table whose columns are as wide as their widest cell. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], colour: boolean): string[] {
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...rows].map((row) => textOf(row[index] ?? "").length)),
  );
  return [titles, ...rows].map((row) =>
    columns
      .map(({ align }, index) => {
        const cell = row[index] ?? "";
        const text = textOf(cell);
        const padding = " ".repeat(widths[index]! - text.length);
        const painted = typeof cell === "string" ? text : paint(cell.style, text, colour);
        return align === "left" ? painted + padding : padding + painted;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Text in a style, where colour may be shown. */
export function paint(style: Style, text: string, colour: boolean): string {
  return colour ? styleText(style, text, { validateStream: false }) : text;
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}
