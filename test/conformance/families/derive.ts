// Derive (Lyra v2): the standard manager, and two generations of the portfolio manager.

import { runScenario, runStructure } from "../derive/portfolio1.ts";
import { runPortfolio2 } from "../derive/portfolio2.ts";
import { runStandard } from "../derive/standard.ts";
import type { Family, PublishedCase } from "../family.ts";

const isDerive = ({ venue = "" }: PublishedCase): boolean => /^(derive|lyra)/i.test(venue);

export const families: readonly Family[] = [
  {
    name: "Derive standard manager",
    regimes: ["derive-srm"],
    matches: (published) => isDerive(published) && /standard/i.test(published.model ?? ""),
    run: runStandard,
  },
  {
    name: "Derive portfolio manager 2",
    regimes: ["derive-pmrm-2"],
    matches: (published) => isDerive(published) && /pmrm_?2/i.test(published.model ?? ""),
    run: runPortfolio2,
  },
  {
    name: "Derive portfolio manager 1, structures",
    regimes: ["derive-pmrm-1"],
    matches: ({ family }) => family === "derive-pmrm1-portfolio",
    run: runStructure,
  },
  {
    name: "Derive portfolio manager 1, scenarios",
    regimes: ["derive-pmrm-1"],
    matches: ({ family }) => family === "derive-pmrm1-scenarios",
    run: runScenario,
  },
];
