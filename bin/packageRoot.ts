import { existsSync } from "node:fs";
import { join } from "node:path";

/** The folder of package.json, markets/ and regimes/: one up from bin/ in a clone, two up from dist/bin/ in the package. */
export const packageRoot = existsSync(join(import.meta.dirname, "../package.json"))
  ? join(import.meta.dirname, "..")
  : join(import.meta.dirname, "../..");
