// The kernel's memory as far as a verifier must know it, drawn a second time: a kernel of another day is driven by the
// drawing of its own layout version, whatever assembly/memory/layout.ts says today. test/audit/layouts.test.ts holds the newest
// drawing against assembly/memory/layout.ts.

/** Record layout of one version. What stands before the values of an output slot is the same in all. */
export type Layout = typeof LAYOUT_2;

const LAYOUT_2 = {
  /** How many, of which the state hash covers the first `stateTables`. */
  tables: 15,
  stateTables: 13,
  bookkeepingTable: 13,
  accountHeadsTable: 14,
  /** Bytes of an output slot. */
  outputSize: 112,
  /** Orders that may rest where the shard does not say it; 0: its kernel knows none, and no order of a fill. */
  holds: 0,
  /** Bytes of a regime's program at the most. */
  largestProgram: 400_000,
  /** Documents of one regime that may wait for their time: the names in the state hash tell one or all of them. */
  regimesWait: "one" as "one" | "all",
  /** Program store, arena, positions, orders, market store: the room that regimes get. Part of what a kernel refuses. */
  regimeRoom: [4 << 20, 48 << 20, 1024, 4096, 16 << 20],
  pools: { table: 7, size: 128, account: 0, currency: 4, balance: 16 },
  positions: { table: 8, size: 128, instrument: 4, quantity: 32, entryCost: 40, posted: 48 },
};

/** Two tables more that the hash covers, holds and limits, and outputs with room for the figures of an order. */
const LAYOUT_3: Layout = {
  ...LAYOUT_2,
  tables: 18,
  stateTables: 15,
  bookkeepingTable: 15,
  accountHeadsTable: 16,
  outputSize: 152,
  holds: 16_384,
  regimesWait: "all",
};

/** By layout version. A version whose slots differ in more than their size needs a drawing of them here too. */
export const LAYOUTS: ReadonlyMap<number, Layout> = new Map([
  [2, LAYOUT_2],
  [3, LAYOUT_3],
  // Instruments keep more, which no verifier looks into.
  [4, LAYOUT_3],
]);

/** An input slot. */
export const INPUT = {
  ...{ size: 80, kind: 0, choice: 1, liquidity: 2, flags: 3, account: 4, instrument: 8, currency: 12, time: 16 },
  ...{ identity: 24, fingerprint: 32, first: 40, second: 48, third: 56, blobCount: 68, order: 72 },
} as const;

/** An output slot. */
export const OUTPUT = {
  ...{ kind: 0, code: 1, fromState: 2, toState: 3, account: 8, instrument: 12, currency: 16 },
  ...{ isolated: 20, position: 24, previous: 32, values: 40 },
} as const;

export const FLAG = {
  ...{ liquidation: 1, feeGiven: 2, malformed: 4, volatility: 8, forward: 16, interest: 32, orderNamed: 64 },
} as const;

/** Flags of an order, in the byte of the liquidity. */
export const ORDER = { priced: 1, reduceOnly: 2 } as const;

export const NONE = 0xffffffff;
/** The number of a name that is given and that nobody knows, where NONE stands for one that is not given. */
export const UNKNOWN = NONE - 1;
export const FIRST_DERIVED_KIND = 70;
