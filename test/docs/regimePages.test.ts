// Every document in regimes/ stands in the index of margin models, once, with its date; every page is reached from there.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listRegimes, loadRegime } from "../../services/regimes/loadRegime.ts";

const pages = join(import.meta.dirname, "../../docs/margin");
const index = readFileSync(join(pages, "README.md"), "utf8");
const rows = [...index.matchAll(/^\|.*\| `([^`]+)` \| (\S+) \| .+ \|$/gm)].map(([, id, vintage]) => [id, vintage]);

test("the index has every document, with the date from which it is in force", () => {
  const documents = listRegimes().map((id) => [id, loadRegime(id).vintage]);
  expect(rows.toSorted()).toEqual(documents.toSorted());
});

test("the index leads to every page", () => {
  const linked = [...index.matchAll(/\]\(([a-z-]+\.md)\)/g)].map(([, page]) => page);
  expect(linked.toSorted()).toEqual(
    readdirSync(pages)
      .filter((page) => page !== "README.md")
      .toSorted(),
  );
});
