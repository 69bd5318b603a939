import { expect, test } from "vitest";
import { accountBook } from "../../services/engine/accountBook.ts";
import type { Shard } from "../../services/engine/shard.ts";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { loadRegime } from "../../services/regimes/loadRegime.ts";
import { command, fill, marketAt, openShard, optionMarket, restartIdentities } from "../margin/portfolioMarket.ts";

const PORTFOLIO = "deribit-portfolio-2026-02";
const STANDARD = "deribit-standard-2026-01";

function tradingShard(build: "release" | "debug" = "release"): Shard {
  restartIdentities();
  const shard = openShard(optionMarket({ portfolio: PORTFOLIO, standard: STANDARD }), build);
  shard.fold([
    command("alice", { $case: "openAccount", value: { marginMode: 3, regime: "portfolio" } }),
    command("bob", { $case: "openAccount", value: { marginMode: 3, regime: "standard" } }),
    ...["alice", "bob"].flatMap((name) => [
      command(name, { $case: "deposit", value: { currency: "BTC", amount: 300_000_000n } }),
      command(name, { $case: "deposit", value: { currency: "ETH", amount: 1_000_000_000n } }),
    ]),
    ...marketAt(1n),
    ...["alice", "bob"].flatMap((name) => [
      fill(name, "BTC-PERP", -30_000n, 6_700_000n, 2n),
      fill(name, "BTC-70000-C", -50n, 400n, 3n),
      fill(name, "BTC-60000-P", -30n, 200n, 4n),
      fill(name, "ETH-PERP", 5_000n, 190_000n, 5n),
    ]),
    ...marketAt(6n),
  ]);
  return shard;
}

/** What the pools say, in 10^-8 coins, and what the book of the same account says when it is margined elsewhere. */
function compare(shard: Shard, name: string, regime: string) {
  const account = shard.names.account(name)!;
  const live = shard.reader
    .account(account)
    .pools.filter(({ basis }) => basis === 1)
    .map(({ currency, equity, initialMargin, maintenanceMargin }) => ({
      currency: shard.names.currencies[currency]!.name,
      figures: [equity, initialMargin, maintenanceMargin],
    }));
  const { main } = evaluateBook(loadRegime(regime), accountBook(shard.reader, shard.names, account));
  const units = 10n ** 10n;
  const down = (x: bigint) => (x - (((x % units) + units) % units)) / units;
  const up = (x: bigint) => -down(-x);
  const given = main.verdicts.map(({ currency, equity, initial, maintenance }) => ({
    currency,
    figures: [down(equity), up(initial), up(maintenance)],
  }));
  return { live, given };
}

test.each([
  ["alice", PORTFOLIO],
  ["bob", STANDARD],
])("MAR-030: %s is margined live as her book is elsewhere (%s)", (name, regime) => {
  const { live, given } = compare(tradingShard(), name, regime);
  expect(live).toEqual(given);
  expect(live.map(({ currency }) => currency)).toEqual(["BTC", "ETH"]);
  for (const { figures } of live) expect(figures.every((figure) => figure > 0n)).toBe(true);
});

test("debug and release kernel come to the same state", () => {
  expect(tradingShard("debug").stateHash()).toBe(tradingShard().stateHash());
});
