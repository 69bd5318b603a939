// Imports between the rooms of the kernel go one way, and no two files import each other in a circle: the linter of the other
// rooms does not read AssemblyScript.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

/** From what an input meets first to what everything stands on. */
const ROOMS = ["", "inputs", "gate", "portfolio", "regime", "margin", "accounts", "memory"];
const ROOT = join(import.meta.dirname, "../../assembly");

const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.d)\.ts$/.test(name));
const imports = new Map(
  files.map((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const names = [...text.matchAll(/ from "(\.[^"]+)";/g)].map(([, name]) => `${name!.replace(/\.ts$/, "")}.ts`);
    return [file, names.map((name) => relative(ROOT, join(ROOT, dirname(file), name)))] as const;
  }),
);

function roomOf(file: string): number {
  return ROOMS.indexOf(file.includes("/") ? dirname(file) : "");
}

test("every file stands in a room that is known, and imports files that are there", () => {
  expect(files.filter((file) => roomOf(file) < 0)).toEqual([]);
  expect([...imports.values()].flat().filter((file) => !imports.has(file))).toEqual([]);
});

test("a file imports from its own room and from those after it", () => {
  const back = [...imports].flatMap(([file, names]) =>
    names.filter((name) => roomOf(name) < roomOf(file)).map((name) => `${file} imports ${name}`),
  );
  expect(back).toEqual([]);
});

test("no files import each other in a circle", () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" > "));
    else if (!done.has(file)) for (const name of imports.get(file)!) walk(name, [...path, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
  expect(circles).toEqual([]);
});
