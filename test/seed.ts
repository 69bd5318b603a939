// One seed for all properties, so that a run is the same everywhere; another one, or `random`, searches further:
// PLIMSOLL_PROPERTY_SEED=random PLIMSOLL_PROPERTY_RUNS=2000 npx vitest run test/properties

import * as fc from "fast-check";

const asked = process.env["PLIMSOLL_PROPERTY_SEED"] ?? "20261122";
if (asked !== "random") fc.configureGlobal({ seed: Number(asked) });
