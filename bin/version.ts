import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./packageRoot.ts";

/** Version of this package, which the journal notes with each epoch. */
export const ENGINE_VERSION: string = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")).version;
