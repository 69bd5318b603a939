// `plimsoll evaluate` and `plimsoll regimes` as a user calls them.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listRegimes } from "../../services/regimes/loadRegime.ts";
import { plimsoll } from "./plimsoll.ts";

const REGIME = "deribit-portfolio-2026-02";
const BOOK = {
  time: "2026-01-29T08:00:00Z",
  currencies: { BTC: { balance: "1.5", price: 65_666 } },
  underlyings: { BTC: { index: 65_666 } },
  instruments: {
    "BTC-27MAR26-70000-C": {
      product: "call",
      inverse: true,
      underlying: "BTC",
      settlement: "BTC",
      mark: "0.05",
      forward: 67_000,
      strike: 70_000,
      volatility: "0.5",
      expiry: "2026-03-27T08:00:00Z",
    },
    "BTC-PERPETUAL": {
      product: "perpetual",
      inverse: true,
      underlying: "BTC",
      settlement: "BTC",
      multiplier: 10,
      mark: 65_670,
    },
  },
  positions: [
    { instrument: "BTC-27MAR26-70000-C", quantity: "-1.5" },
    { instrument: "BTC-PERPETUAL", quantity: 100, entry: 65_000 },
  ],
};

let folder: string;
let book: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-evaluate-"));
  book = fileOf("book.json", BOOK);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const evaluate = (...more: readonly string[]) => plimsoll("evaluate", "--regime", REGIME, "--book", book, ...more);

describe("evaluate", () => {
  test("says what the book requires and how it stands", async () => {
    const { code, stdout, stderr } = await evaluate();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Deribit: Portfolio margin`);
    expect(stdout).toMatch(/^Equity +1\.4\d+$/m);
    expect(stdout).toMatch(/^Margin state +healthy$/m);
    // No terminal: no colours.
    expect(stdout).not.toContain("\u001b");
  });

  test("--json is one document: the verdict, and with --explain all figures and grids", async () => {
    const short = JSON.parse((await evaluate("--json")).stdout);
    expect(Object.keys(short.main)).toEqual(["verdicts"]);
    const whole = JSON.parse((await evaluate("--json", "--explain")).stdout);
    expect(whole.main.verdicts).toEqual(short.main.verdicts);
    const { term } = { term: whole.main.conclusion.initial };
    const figure = whole.main.figures.find((each: { term: string }) => each.term === term);
    expect(figure.value).toBe(short.main.verdicts[0].initial);
    expect(whole.main.tables.length).toBeGreaterThan(0);
    expect(whole.main.regime.sources.length).toBeGreaterThan(0);
  });

  test("--explain reads like a statement: verdict, sums, grid with its worst scenario, clauses, sources", async () => {
    const { code, stdout } = await evaluate("--explain");
    expect(code).toBe(0);
    const places = ["Equity: ", "Initial margin: ", "Maintenance margin: ", 'scenarios "', "Clauses", "Sources"];
    expect(places.map((title) => stdout.indexOf(title)).every((at, index, all) => at > (all[index - 1] ?? 0))).toBe(
      true,
    );
    expect(stdout).toContain("sum of");
    expect(stdout.split("\n").filter((line) => /-\d[\d.]*\*/.test(line)).length).toBeGreaterThan(0);
  });

  test("--set puts another value in place of a parameter's own", async () => {
    const [{ initial }] = JSON.parse((await evaluate("--json")).stdout).main.verdicts;
    const other = await evaluate("--json", "--set", "mm_factor=0.5");
    const [{ initial: same, maintenance }] = JSON.parse(other.stdout).main.verdicts;
    expect(same).toBe(initial);
    expect(Number(maintenance)).toBeCloseTo(Number(initial) / 2, 8);
  });

  test("- reads the book from standard input", async () => {
    const program = join(import.meta.dirname, "../../bin/plimsoll.js");
    const child = spawn(process.execPath, [program, "evaluate", "--regime", REGIME, "--book", "-", "--json"]);
    child.stdin.end(readFileSync(book));
    let stdout = "";
    for await (const text of child.stdout.setEncoding("utf8")) stdout += text;
    expect(JSON.parse(stdout).main.verdicts[0]).toMatchObject({ currency: "BTC", state: "healthy" });
  });

  test("--greeks come beside the verdict, or alone", async () => {
    const alone = await plimsoll("evaluate", "--greeks", "--book", book);
    expect(alone.stdout).toMatch(/^BTC-PERPETUAL +0\.015227\d\d +0\.0{8} +0\.0{8} +0\.0{8}$/m);
    expect(alone.stdout).toMatch(/^BTC +-0\.\d{8}/m);
    const { greeks, main } = JSON.parse((await evaluate("--greeks", "--json")).stdout);
    expect(main.verdicts).toHaveLength(1);
    expect(greeks.positions.map(({ name }: { name: string }) => name)).toEqual(Object.keys(BOOK.instruments));
    const neither = await plimsoll("evaluate", "--book", book);
    expect([neither.code, neither.stderr]).toEqual([1, expect.stringContaining("--regime <id>, or --greeks")]);
  });

  test("a document of one's own is a path", async () => {
    const text = readFileSync(join(import.meta.dirname, "../../regimes", `${REGIME}.yaml`), "utf8");
    const path = join(folder, `${REGIME}.yaml`);
    writeFileSync(path, text);
    const { stdout } = await plimsoll("evaluate", "--regime", path, "--book", book, "--json");
    expect(stdout).toBe((await evaluate("--json")).stdout);
  });
});

describe("what makes no sense ends with 1 and names the place", () => {
  test.concurrent.each<readonly [string, () => readonly string[], RegExp]>([
    ["an unknown regime", () => ["--regime", "deribit-portfolio-2026-03"], /deribit-portfolio-2026-02/],
    ["a book that is not there", () => ["--book", "/nowhere/book.json"], /\/nowhere\/book\.json cannot be read/],
    [
      "a bad book",
      () => ["--book", fileOf("bad.json", { ...BOOK, underlyings: {} })],
      /underlyings\.BTC\.index.*missing-fact/,
    ],
    [
      "an unknown parameter",
      () => ["--set", "mm_fctor=2"],
      /error: deribit-portfolio-2026-02 has no parameters\.mm_fctor to override/,
    ],
    ["a parameter without a value", () => ["--set", "mm_factor"], /write parameter=value/],
  ])("%s", async (_, more, message) => {
    const { code, stdout, stderr } = await evaluate(...more());
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
  });
});

test("regimes lists every document", async () => {
  const { stdout } = await plimsoll("regimes");
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual(listRegimes());
  const json = JSON.parse((await plimsoll("regimes", "--json")).stdout);
  expect(json.map(({ id }: { id: string }) => id)).toEqual(listRegimes());
});
