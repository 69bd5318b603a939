// Fills dist/ for `npm pack`: JavaScript, because Node strips no types inside node_modules, and beside it what the code
// reads at run time.

import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const compiled = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.package.json"], {
  cwd: root,
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(1);
cpSync(join(root, "build/kernel.release.wasm"), join(dist, "build/kernel.release.wasm"));
cpSync(join(root, "build/evidencePage.js"), join(dist, "build/evidencePage.js"));
cpSync(join(root, "generated/descriptors.binpb"), join(dist, "generated/descriptors.binpb"));
