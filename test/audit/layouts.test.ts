// The verifier draws the kernel's memory a second time. Here both drawings are held against each other.

import { expect, test } from "vitest";
import * as memory from "../../assembly/memory/layout.ts";
import { FIRST_DERIVED_KIND, FLAG, INPUT, LAYOUTS, NONE, ORDER, OUTPUT } from "../../services/audit/verify/layouts.ts";
import { FIRST_DERIVED_KIND as FIRST_DERIVED } from "../../services/engine/eventKinds.ts";
import { DEFAULT_HOLDS, REGIME_CAPACITIES } from "../../services/kernel/kernel.ts";

test("the newest layout of the verifier is that of assembly/memory/layout.ts", () => {
  // Fails when LAYOUT_VERSION was raised: services/audit/verify/layouts.ts then needs a drawing of the new version.
  const layout = LAYOUTS.get(memory.LAYOUT_VERSION);
  const { programBytes, arenaBytes, positions, orders, marketBytes } = REGIME_CAPACITIES;
  expect(layout).toEqual({
    tables: memory.TABLE_COUNT,
    stateTables: memory.TABLE_BOOKKEEPING,
    bookkeepingTable: memory.TABLE_BOOKKEEPING,
    accountHeadsTable: memory.TABLE_ACCOUNT_HEADS,
    outputSize: memory.OUTPUT_SIZE,
    holds: DEFAULT_HOLDS,
    regimesWait: "all",
    regimeRoom: [programBytes, arenaBytes, positions, orders, marketBytes],
    largestProgram: 400_000,
    pools: {
      table: memory.TABLE_POOLS,
      size: memory.POOL_SIZE,
      account: memory.POOL_ACCOUNT,
      currency: memory.POOL_CURRENCY,
      balance: memory.POOL_BALANCE,
    },
    positions: {
      table: memory.TABLE_POSITIONS,
      size: memory.POSITION_SIZE,
      instrument: memory.POSITION_INSTRUMENT,
      quantity: memory.POSITION_QUANTITY,
      entryCost: memory.POSITION_ENTRY_COST,
      posted: memory.POSITION_POSTED,
    },
  });
});

test("the slots of the verifier are those of assembly/memory/layout.ts", () => {
  expect(INPUT).toEqual({
    size: memory.INPUT_SIZE,
    kind: memory.INPUT_KIND,
    choice: memory.INPUT_CHOICE,
    liquidity: memory.INPUT_LIQUIDITY,
    flags: memory.INPUT_FLAGS,
    account: memory.INPUT_ACCOUNT,
    instrument: memory.INPUT_INSTRUMENT,
    currency: memory.INPUT_CURRENCY,
    time: memory.INPUT_TIME,
    identity: memory.INPUT_IDENTITY,
    fingerprint: memory.INPUT_FINGERPRINT,
    first: memory.INPUT_FIRST,
    second: memory.INPUT_SECOND,
    third: memory.INPUT_THIRD,
    blobCount: memory.INPUT_BLOB_COUNT,
    order: memory.INPUT_ORDER,
  });
  expect(OUTPUT).toEqual({
    kind: memory.OUTPUT_KIND,
    code: memory.OUTPUT_CODE,
    fromState: memory.OUTPUT_FROM_STATE,
    toState: memory.OUTPUT_TO_STATE,
    account: memory.OUTPUT_ACCOUNT,
    instrument: memory.OUTPUT_INSTRUMENT,
    currency: memory.OUTPUT_CURRENCY,
    isolated: memory.OUTPUT_ISOLATED,
    position: memory.OUTPUT_POSITION,
    previous: memory.OUTPUT_PREVIOUS,
    values: memory.OUTPUT_VALUES,
  });
  expect(FLAG).toEqual({
    liquidation: memory.FLAG_LIQUIDATION,
    feeGiven: memory.FLAG_FEE_GIVEN,
    malformed: memory.FLAG_MALFORMED,
    volatility: memory.FLAG_VOLATILITY,
    forward: memory.FLAG_FORWARD,
    interest: memory.FLAG_INTEREST,
    orderNamed: memory.FLAG_ORDER_NAMED,
  });
  expect(ORDER).toEqual({ priced: memory.ORDER_PRICED, reduceOnly: memory.ORDER_REDUCE_ONLY });
  expect([NONE, FIRST_DERIVED_KIND]).toEqual([memory.NONE, FIRST_DERIVED]);
});
