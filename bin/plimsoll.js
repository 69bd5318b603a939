#!/usr/bin/env node
// The one file that any Node can read: it says what is needed before anything newer is loaded.
import { existsSync } from "node:fs";
import * as modules from "node:module";

const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  process.stderr.write(
    `plimsoll needs Node 24 or later; this is ${process.version}.\n` +
      "In a clone, `npm ci` brings it: use `npx plimsoll ...` or `npm start`.\n",
  );
  process.exit(1);
}
// Compiled and type-stripped code is kept between runs: most of the start-up time is there.
modules.enableCompileCache();
// A clone runs its TypeScript as it is; the package carries JavaScript, because Node strips no types in node_modules.
const source = new URL("main.ts", import.meta.url);
await import(existsSync(source) ? source.href : new URL("../dist/bin/main.js", import.meta.url).href);
