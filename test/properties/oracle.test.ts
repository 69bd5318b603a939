// Promises that hold in every history, asked of the oracle: what it is held to is not how it computes.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Oracle } from "../oracle/oracle.ts";
import { agrees } from "../oracle/scenarios.ts";
import { type RandomHistory, randomHistory } from "./randomHistory.ts";

const CAPACITY = { identityCapacity: 40 };

/** Applies a history; `afterGroup` sees the oracle whenever both sides of every trade are in. */
function play({ market, groups }: RandomHistory, afterGroup: (oracle: Oracle) => void = () => {}): Oracle {
  const oracle = new Oracle(market.document, CAPACITY);
  for (const group of groups) {
    for (const input of group) oracle.apply(input);
    afterGroup(oracle);
  }
  return oracle;
}

test("MAR-026 whatever happens, no unit of money and no contract appears or is lost", () => {
  fc.assert(
    fc.property(randomHistory({ maxSteps: 80 }), (history) => {
      play(history, (oracle) => {
        const { currencies, instruments } = oracle.zeroSum();
        expect([...currencies.values(), ...instruments.values()].filter((sum) => sum !== 0n)).toEqual([]);
      });
    }),
    { numRuns: 40 },
  );
});

test("MAR-008, MAR-009, MAR-010 a pool never pays for what an isolated position loses", () => {
  fc.assert(
    fc.property(randomHistory({ maxSteps: 80 }), ({ market: { document }, groups }) => {
      const oracle = new Oracle(document, CAPACITY);
      for (const input of groups.flat()) {
        const before = input.kind === "fill" || input.kind === "market" ? isolatedPools(oracle) : [];
        const outcome = oracle.apply(input);
        for (const name of oracle.accounts()) {
          for (const { posted } of oracle.account(name).positions) expect(posted).toBeGreaterThanOrEqual(0n);
        }
        if (outcome.code !== 0) continue;
        for (const { account, instrument, currency, quantity, balance } of before) {
          const touched =
            input.kind === "fill"
              ? input.fill.account === account && input.fill.instrument === instrument
              : input.kind === "market" && input.event.instrument === instrument;
          const after = oracle.account(account).positions.find((position) => position.instrument === instrument);
          // Opening may take from the pool: that is the fee and the posting, not a loss.
          if (!touched || opened(quantity, after?.quantity ?? 0n)) continue;
          const pool = oracle.account(account).pools.find((candidate) => candidate.currency === currency);
          expect(pool!.balance).toBeGreaterThanOrEqual(balance);
        }
      }
    }),
    { numRuns: 15 },
  );
});

function opened(before: bigint, after: bigint): boolean {
  return before > 0n ? after > before || after < 0n : after < before || after > 0n;
}

function isolatedPools(oracle: Oracle) {
  return oracle.accounts().flatMap((account) => {
    const { pools, positions } = oracle.account(account);
    return positions
      .filter(({ mode, quantity }) => mode === 1 && quantity !== 0n)
      .map(({ instrument, currency, quantity }) => {
        const { balance } = pools.find((pool) => pool.currency === currency)!;
        return { account, instrument, currency, quantity, balance };
      });
  });
}

test("MAR-023 the shown scan loss is the exact one within rounding", () => {
  fc.assert(
    fc.property(randomHistory({ maxSteps: 30 }), (history) => {
      const oracle = play(history);
      for (const name of oracle.accounts()) {
        for (const { scan, scanLoss, worstScenario } of oracle.account(name).pools) {
          expect(agrees(scan, scanLoss, worstScenario)).toBe(true);
          expect(agrees(scan, scanLoss * 1.000001 + 1, worstScenario)).toBe(false);
        }
      }
    }),
    { numRuns: 20 },
  );
});
