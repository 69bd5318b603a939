// Builds what Node does not run as it is: the kernel (AssemblyScript to WebAssembly), the protobuf code and the browser's
// page. Does nothing when the sources have not changed since, so that `npm start` may call it every time.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const quiet = process.argv.includes("--quiet");

interface Step {
  readonly name: string;
  /** Files and folders whose content decides whether to build again. */
  readonly sources: readonly string[];
  readonly products: readonly string[];
  readonly commands: readonly (readonly string[])[];
}

const STEPS: readonly Step[] = [
  {
    name: "protobuf code",
    sources: ["proto", "buf.gen.yaml", "buf.yaml", "package-lock.json"],
    products: ["generated/proto/plimsoll/v1/journal_events.ts", "generated/descriptors.binpb"],
    commands: [
      ["buf", "generate"],
      ["buf", "build", "-o", "generated/descriptors.binpb"],
    ],
  },
  {
    name: "kernel",
    sources: ["assembly", "asconfig.json", "package-lock.json"],
    products: ["build/kernel.release.wasm", "build/kernel.debug.wasm"],
    commands: [
      ["asc", "--target", "release"],
      ["asc", "--target", "debug"],
    ],
  },
  {
    name: "evidence page",
    sources: ["services/audit", "services/journal", "services/markets", "assembly", "proto", "package-lock.json"],
    products: ["build/evidencePage.js"],
    commands: [["rolldown", "services/audit/evidence/page.ts", "--format", "iife", "--file", "build/evidencePage.js"]],
  },
];

function filesUnder(path: string): string[] {
  const full = join(root, path);
  if (!existsSync(full)) throw new Error(`${path} is missing`);
  const entries = readdirSync(full, { withFileTypes: true });
  return entries.flatMap((entry) => {
    const inner = join(path, entry.name);
    return entry.isDirectory() ? filesUnder(inner) : [inner];
  });
}

function fingerprint(sources: readonly string[]): string {
  const hash = createHash("sha256");
  const files = sources.flatMap((source) => (/\.\w+$/.test(source) ? [source] : filesUnder(source))).sort();
  for (const file of files)
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}

function run(command: readonly string[]): void {
  const [tool, ...args] = command;
  const result = spawnSync(join(root, "node_modules/.bin", tool!), args, { cwd: root, encoding: "utf8" });
  if (result.status === 0) return;
  process.stderr.write(
    `${command.join(" ")} failed:\n${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}\n`,
  );
  process.exit(1);
}

mkdirSync(join(root, "build"), { recursive: true });
for (const step of STEPS) {
  const stamp = join(root, "build", `${step.name.replaceAll(" ", "-")}.stamp`);
  const now = fingerprint(step.sources);
  const fresh =
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === now &&
    step.products.every((product) => existsSync(join(root, product)));
  if (fresh) continue;
  const started = process.hrtime.bigint();
  for (const command of step.commands) run(command);
  writeFileSync(stamp, now);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (!quiet || seconds > 0.5) process.stderr.write(`built ${step.name} in ${seconds.toFixed(1)} s\n`);
}
