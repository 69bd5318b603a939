// The package as a stranger gets it: packed, installed into an empty folder, run under Node 24.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { afterAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "plimsoll-package-"));
/** Node 24 first, as a machine has it that can run the package. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
  npm_config_loglevel: "error",
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: readonly string[], cwd: string): string {
  const result = spawnSync(command, args, { cwd, env, encoding: "utf8", timeout: 240_000 });
  expect(result.status, `${command} ${args.join(" ")}\n${result.stdout}${result.stderr}`).toBe(0);
  return result.stdout;
}

test("npm pack gives a package that installs in an empty folder and serves there", { timeout: 300_000 }, () => {
  run("npm", ["pack", "--pack-destination", folder], root);
  const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz"))!;
  writeFileSync(join(folder, "package.json"), "{}");
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball}`], folder);

  const output = run("npx", ["plimsoll", "serve", "--seconds", "2", "--port", "0", "--json"], folder);
  const summary = JSON.parse(output.trim().split("\n").at(-1)!);
  expect(summary.fills).toBeGreaterThan(0);
  expect(summary.zeroSum).toBe(true);

  const verified = JSON.parse(run("npx", ["plimsoll", "verify", "--json"], folder));
  expect(verified[0].stateHash).toBe(summary.stateHash);

  // The page of an evidence file is put together from the package's own modules: they must be one script.
  run("npx", ["plimsoll", "export", "--account", "sim-0001", "--out", "evidence.html"], folder);
  expect(run("npx", ["plimsoll", "check", "evidence.html"], folder)).toContain("Everything holds.");
  const page = readFileSync(join(folder, "evidence.html"), "utf8");
  const script = /<script>([\s\S]*)<\/script>/.exec(page)![1]!;
  expect(script).not.toMatch(/^\s*(?:import|export) /m);
  expect(() => new Script(script)).not.toThrow();
});
