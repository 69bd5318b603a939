// A replay that puts marks off (assembly/margin/deferral.ts) comes to the bits of the live fold, whenever and for whomever it is asked.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { genesis, ownInput } from "../../services/engine/genesis.ts";
import { ReplayMismatchError } from "../../services/engine/recovery.ts";
import { Shard } from "../../services/engine/shard.ts";
import { StoredFold } from "../../services/engine/storedFold.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { optionMarket } from "../margin/portfolioMarket.ts";
import { columnsFrom, compareReplay } from "./deferredReplay.ts";
import * as portfolio from "./portfolioHistory.ts";
import { randomHistory } from "./randomHistory.ts";

const CAPACITIES = { accounts: 32, pools: 64, positions: 96, instruments: 8, identities: 24 };
const asked = fc.infiniteStream(
  fc.oneof(fc.constant("nothing" as const), fc.constant("everything" as const), fc.nat(40)),
);

test("at every end of a batch, asked for nothing, one account or all: tables, names and figures are the live ones", () => {
  const compared = { marks: 0, changes: 0 };
  fc.assert(
    fc.property(randomHistory({ maxSteps: 120 }), fc.integer({ min: 1, max: 40 }), asked, (drawn, size, asks) => {
      const inputs = drawn.groups.flat().map(ownInput);
      const groups = [genesis("test", CAPACITIES, drawn.market.document)];
      for (let at = 0; at < inputs.length; at += size) groups.push(inputs.slice(at, at + size));
      compareReplay(groups, CAPACITIES, () => asks.next().value!, compared);
    }),
    { numRuns: Number(process.env["PLIMSOLL_PROPERTY_RUNS"] ?? 60) },
  );
  expect(compared.marks).toBeGreaterThan(100);
  expect(compared.changes).toBeGreaterThan(100);
});

test("with accounts in portfolio mode, which no mark is put off for, coming and going", () => {
  const compared = { marks: 0, changes: 0 };
  fc.assert(
    fc.property(portfolio.moments, asked, (drawn, asks) => {
      const { CAPACITIES: capacities, REGIMES: regimes } = portfolio;
      const groups = [genesis("test", capacities, optionMarket(regimes)), ...portfolio.inputsOf(drawn)];
      compareReplay(groups, capacities, () => asks.next().value!, compared);
    }),
    { numRuns: Number(process.env["PLIMSOLL_PROPERTY_RUNS"] ?? 25) },
  );
  expect(compared.marks).toBeGreaterThan(300);
  expect(compared.changes).toBeGreaterThan(3);
});

test("a row that says something else is found: any byte of an outcome, of a change of state, or of a column", () => {
  let found = 0;
  fc.assert(
    fc.property(randomHistory({ maxSteps: 80 }), fc.nat(), fc.nat(), fc.nat(4), (drawn, chosen, byte, column) => {
      const live = new Shard(Kernel.create(kernelBinary(), CAPACITIES));
      const inputs = [...genesis("test", CAPACITIES, drawn.market.document), ...drawn.groups.flat().map(ownInput)];
      const rows = live.fold(inputs);
      const columns = columnsFrom(rows);
      const derived = rows.flatMap(({ kind }, index) => ([21, 22, 25, 30, 72].includes(kind) ? [index] : []));
      if (derived.length === 0) return;
      const row = derived[chosen % derived.length]!;
      const isInput = columns.kinds[row] !== 72;
      if (column === 0) columns.accounts[row]! ^= 1;
      else if (column === 1) columns.instruments[row]! ^= 1;
      else if (column === 2) columns.previous[row]! += 1;
      else if (column === 3 && !isInput) columns.timesUs[row]! += 1;
      else {
        // The last byte of an input is what it did; all of a change of state is derived, but for the event's own tag.
        const from = isInput ? columns.starts[row + 1]! - 1 : columns.starts[row]! + 3;
        const at = from + (byte % (columns.starts[row + 1]! - from));
        columns.payloads[at]! ^= 0x01;
      }
      const replayed = new Shard(Kernel.createForReplay(kernelBinary(), CAPACITIES));
      found++;
      expect(() => new StoredFold(replayed).apply(columns, 0, rows.length)).toThrow(ReplayMismatchError);
    }),
    { numRuns: 120 },
  );
  expect(found).toBeGreaterThan(80);
});
