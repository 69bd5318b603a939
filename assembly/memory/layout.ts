// The kernel's memory, drawn. This file is read by two compilers: AssemblyScript compiles it into the kernel, and the
// TypeScript host imports the same constants, so a field has one home. It therefore holds plain numbers and nothing else.
//
//   memory = | static | header | bookkeeping | tables ... | scratch: input slots, input blob, output slots, a book of regime/ |
//
// Tables are arrays of fixed records (array of structures, not structure of arrays as first designed: a fill or a
// tick touches nearly every field of one position, so one record is two cache lines where columns would be a dozen; the
// scenario arrays, which are scanned, are columns). A snapshot is a copy of the used part of header, bookkeeping and tables.
// The state hash covers header and tables, not bookkeeping: journal positions and counters differ when a stretch was
// delivered twice, and the state must not.

/** Raised by one whenever a record below changes shape. */
export const LAYOUT_VERSION: i32 = 4;

/** "No such row" in every reference between records. */
export const NONE: u32 = 0xffffffff;

// Tables, by number. `tableAddress`, `tableRecordSize` and `tableUsed` answer for each.
export const TABLE_HEADER: i32 = 0;
export const TABLE_CURRENCIES: i32 = 1;
export const TABLE_MARGIN_TABLES: i32 = 2;
export const TABLE_SCENARIO_GRIDS: i32 = 3;
export const TABLE_INSTRUMENTS: i32 = 4;
export const TABLE_SCENARIO_ARRAYS: i32 = 5;
export const TABLE_ACCOUNTS: i32 = 6;
export const TABLE_POOLS: i32 = 7;
export const TABLE_POSITIONS: i32 = 8;
export const TABLE_IDENTITIES: i32 = 9;
/** Programs of margin regimes (regime/programs.ts). */
export const TABLE_PROGRAMS: i32 = 10;
export const TABLE_INDICES: i32 = 11;
export const TABLE_REGIMES: i32 = 12;
/** Margin held for orders (holds.ts). */
export const TABLE_HOLDS: i32 = 13;
/** Limits, switches and overrides of the controls (limits.ts). */
export const TABLE_LIMITS: i32 = 14;
// Bookkeeping: in the snapshot, not in the state hash.
export const TABLE_BOOKKEEPING: i32 = 15;
export const TABLE_ACCOUNT_HEADS: i32 = 16;
export const TABLE_IDENTITY_POSITIONS: i32 = 17;
export const TABLE_COUNT: i32 = 18;

/** Header: one record of 192 bytes.
 *
 *    0 event time us i64 | 8 identities seen i64 | 16 identities forgotten through us i64
 *   24 currencies u32 | 28 margin tables u32 | 32 grids u32 | 36 instruments u32
 *   40 accounts u32 | 44 pools u32 | 48 positions u32 | 52 keys u32 (names of currencies, underlyings, instruments, ..)
 *   56 capacities: accounts, pools, positions, instruments, identities (u32 each)
 *   76 bytes of the program store in use u32 | 80 its capacity u32 | 84 regimes u32
 *   88 next effective time of a regime us i64 (largest value: none) | 96 pools that regimes judge u32
 *  100 rows of holds u32 | 104 their capacity u32 | 108 first free row u32 | 112 first to expire u32 | 116 last to expire u32
 *  120 holds u32 | 124 of them with an expiry u32
 *  128 limits u32 | 132 overrides in force u32 | 136 switches of the venue u8 | 138 controls with limits of the venue u16
 *  144 next expiry of an override us i64 (largest value: none)
 */
export const HEADER_SIZE: u32 = 192;
export const HEADER_EVENT_TIME: u32 = 0;
export const HEADER_IDENTITIES_SEEN: u32 = 8;
export const HEADER_FORGOTTEN_THROUGH: u32 = 16;
export const HEADER_CURRENCIES: u32 = 24;
export const HEADER_MARGIN_TABLES: u32 = 28;
export const HEADER_SCENARIO_GRIDS: u32 = 32;
export const HEADER_INSTRUMENTS: u32 = 36;
export const HEADER_ACCOUNTS: u32 = 40;
export const HEADER_POOLS: u32 = 44;
export const HEADER_POSITIONS: u32 = 48;
export const HEADER_KEYS: u32 = 52;
export const HEADER_ACCOUNT_CAPACITY: u32 = 56;
export const HEADER_POOL_CAPACITY: u32 = 60;
export const HEADER_POSITION_CAPACITY: u32 = 64;
export const HEADER_INSTRUMENT_CAPACITY: u32 = 68;
export const HEADER_IDENTITY_CAPACITY: u32 = 72;
export const HEADER_PROGRAM_BYTES: u32 = 76;
export const HEADER_PROGRAM_CAPACITY: u32 = 80;
export const HEADER_REGIMES: u32 = 84;
export const HEADER_NEXT_EFFECTIVE: u32 = 88;
export const HEADER_JUDGED_POOLS: u32 = 96;
export const HEADER_HOLD_ROWS: u32 = 100;
export const HEADER_HOLD_CAPACITY: u32 = 104;
export const HEADER_FREE_HOLD: u32 = 108;
export const HEADER_FIRST_EXPIRY: u32 = 112;
export const HEADER_LAST_EXPIRY: u32 = 116;
export const HEADER_HOLDS: u32 = 120;
export const HEADER_TIMED_HOLDS: u32 = 124;
export const HEADER_LIMITS: u32 = 128;
export const HEADER_OVERRIDES: u32 = 132;
export const HEADER_SWITCHES: u32 = 136;
export const HEADER_LIMITED: u32 = 138;
export const HEADER_NEXT_EXPIRY: u32 = 144;

/** Bookkeeping: one record.
 *
 *    0 next journal position i64 | 8 fills applied i64 | 16 marks applied i64
 *   24 margin state changes by the state reached i64 [5] | 64 refusals by reason i64 [128]
 */
export const BOOKKEEPING_SIZE: u32 = 1088;
export const BOOKKEEPING_NEXT_POSITION: u32 = 0;
export const BOOKKEEPING_FILLS: u32 = 8;
export const BOOKKEEPING_MARKS: u32 = 16;
export const BOOKKEEPING_STATE_CHANGES: u32 = 24;
export const BOOKKEEPING_REFUSALS: u32 = 64;
export const REFUSAL_CODES: u32 = 128;

/** Currency: 16 bytes. 0 scale u32 | 4 scenario grid u32 (of its first instrument: one pool, one grid; NONE before) | 8 key u32 */
export const CURRENCY_SIZE: u32 = 16;
export const CURRENCY_KEY: u32 = 8;
export const CURRENCY_SCALE: u32 = 0;
export const CURRENCY_SCENARIO_GRID: u32 = 4;
export const CURRENCY_CAPACITY: u32 = 32;

/** Margin table: 16 + 16 tiers of 40 bytes.
 *
 *    0 tiers u32 | 16 tier[0]: floor i64, initial rate e9 i64, maintenance rate e9 i64,
 *                       initial deduction i64, maintenance deduction i64
 */
export const MARGIN_TABLE_SIZE: u32 = 656;
export const MARGIN_TABLE_TIERS: u32 = 0;
export const MARGIN_TABLE_FIRST_TIER: u32 = 16;
export const TIER_SIZE: u32 = 40;
export const TIER_FLOOR: u32 = 0;
export const TIER_INITIAL_RATE: u32 = 8;
export const TIER_MAINTENANCE_RATE: u32 = 16;
export const TIER_INITIAL_DEDUCTION: u32 = 24;
export const TIER_MAINTENANCE_DEDUCTION: u32 = 32;
export const TIER_CAPACITY: u32 = 16;
export const MARGIN_TABLE_CAPACITY: u32 = 256;

/** Scenario grid. 0 scenarios u32 | 16 factor of a linear profit, m, f64 [64] | 528 of an inverse one, m / (1 + m), f64 [64] */
export const SCENARIO_CAPACITY: u32 = 64;
export const SCENARIO_GRID_SIZE: u32 = 1040;
export const SCENARIO_GRID_COUNT: u32 = 0;
export const SCENARIO_GRID_LINEAR: u32 = 16;
export const SCENARIO_GRID_INVERSE: u32 = 528;
export const SCENARIO_GRID_CAPACITY: u32 = 64;

/** Scenario array of an instrument: 64 float64, profit of one quantity unit. */
export const SCENARIO_ARRAY_SIZE: u32 = 512;

/** Index price of a key: 16 bytes. 0 price in 10^-8 i64 (0: none yet) | 8 time us i64 */
export const INDEX_SIZE: u32 = 16;
export const INDEX_PRICE: u32 = 0;
export const INDEX_TIME: u32 = 8;
export const KEY_CAPACITY: u32 = 8192;

/** Regime that accounts are assigned to: 32 bytes.
 *
 *    0 program that applies u32 | 4 program that is to come u32 (NONE) | 8 from when on us i64
 *   16 valuation key u32 | 20 valuation key to come u32
 */
export const REGIME_SIZE: u32 = 32;
export const REGIME_PROGRAM: u32 = 0;
export const REGIME_NEXT_PROGRAM: u32 = 4;
export const REGIME_EFFECTIVE: u32 = 8;
export const REGIME_VALUATION: u32 = 16;
export const REGIME_NEXT_VALUATION: u32 = 20;
export const REGIME_CAPACITY: u32 = 16;

/** Instrument: 272 bytes.
 *
 *    0 kind u8 | 1 settled u8 | 2 non-positive prices u8 | 3 marked u8
 *    4 currency u32 | 8 margin table u32 | 12 scenario grid u32 | 16 default leverage e2 u32 | 20 held marks u32
 *   24 value numerator i64 | 32 value denominator i64 | 40 tick i64 | 48 lot i64
 *   56 price limit i64 | 64 quantity limit i64 | 72 maker fee e9 i64 | 80 taker fee e9 i64 | 88 liquidation fee e9 i64
 *   96 expiry us i64 | 104 price band e9 i64 | 112 stale after us i64
 *  120 mark i64 | 128 mark time us i64 | 136 held mark i64 | 144 funding time us i64
 *  152 net quantity i64 | 160 open quantity (longs) i64 | 168 first holder u32 | 172 holders u32
 *  176 held mark time us i64
 *  184 key of its underlying u32 (NONE) | 188 key of its name u32 | 192 product u8 | 193 coin-settled option u8
 *  194 price scale u8 | 195 quantity scale u8 | 196 volatility known u8 | 197 forward known u8
 *  198 controls with limits of the instrument (bits 0 to 11) and its switches (from bit 12 on) u16
 *  200 strike e8 i64 | 208 volatility e9 i64 | 216 forward e8 i64 | 224 interest e9 i64
 *  232 multiplier numerator i64 | 240 multiplier denominator i64 | 248 version u32: rises with every fact that a regime reads
 *  256 when the volatility was told us i64 | 264 when the forward was told us i64
 */
export const INSTRUMENT_SIZE: u32 = 272;
export const INSTRUMENT_KIND: u32 = 0;
export const INSTRUMENT_SETTLED: u32 = 1;
export const INSTRUMENT_NON_POSITIVE: u32 = 2;
export const INSTRUMENT_MARKED: u32 = 3;
export const INSTRUMENT_CURRENCY: u32 = 4;
export const INSTRUMENT_MARGIN_TABLE: u32 = 8;
export const INSTRUMENT_SCENARIO_GRID: u32 = 12;
export const INSTRUMENT_DEFAULT_LEVERAGE: u32 = 16;
export const INSTRUMENT_HELD_MARKS: u32 = 20;
export const INSTRUMENT_NUMERATOR: u32 = 24;
export const INSTRUMENT_DENOMINATOR: u32 = 32;
export const INSTRUMENT_TICK: u32 = 40;
export const INSTRUMENT_LOT: u32 = 48;
export const INSTRUMENT_PRICE_LIMIT: u32 = 56;
export const INSTRUMENT_QUANTITY_LIMIT: u32 = 64;
export const INSTRUMENT_MAKER_FEE: u32 = 72;
export const INSTRUMENT_TAKER_FEE: u32 = 80;
export const INSTRUMENT_LIQUIDATION_FEE: u32 = 88;
export const INSTRUMENT_EXPIRY: u32 = 96;
export const INSTRUMENT_PRICE_BAND: u32 = 104;
export const INSTRUMENT_STALE_AFTER: u32 = 112;
export const INSTRUMENT_MARK: u32 = 120;
export const INSTRUMENT_MARK_TIME: u32 = 128;
export const INSTRUMENT_HELD_MARK: u32 = 136;
export const INSTRUMENT_FUNDING_TIME: u32 = 144;
export const INSTRUMENT_NET_QUANTITY: u32 = 152;
export const INSTRUMENT_OPEN_QUANTITY: u32 = 160;
export const INSTRUMENT_FIRST_HOLDER: u32 = 168;
export const INSTRUMENT_HOLDERS: u32 = 172;
export const INSTRUMENT_HELD_TIME: u32 = 176;
export const INSTRUMENT_UNDERLYING: u32 = 184;
export const INSTRUMENT_KEY: u32 = 188;
export const INSTRUMENT_PRODUCT: u32 = 192;
export const INSTRUMENT_COIN_SETTLED: u32 = 193;
export const INSTRUMENT_PRICE_SCALE: u32 = 194;
export const INSTRUMENT_QUANTITY_SCALE: u32 = 195;
export const INSTRUMENT_VOLATILITY_KNOWN: u32 = 196;
export const INSTRUMENT_FORWARD_KNOWN: u32 = 197;
export const INSTRUMENT_STRIKE: u32 = 200;
export const INSTRUMENT_VOLATILITY: u32 = 208;
export const INSTRUMENT_FORWARD: u32 = 216;
export const INSTRUMENT_INTEREST: u32 = 224;
export const INSTRUMENT_MULTIPLIER_NUMERATOR: u32 = 232;
export const INSTRUMENT_MULTIPLIER_DENOMINATOR: u32 = 240;
export const INSTRUMENT_VERSION: u32 = 248;
export const INSTRUMENT_VOLATILITY_TIME: u32 = 256;
export const INSTRUMENT_FORWARD_TIME: u32 = 264;
export const INSTRUMENT_CONTROLS: u32 = 198;
export const INSTRUMENT_CONTROLS_SWITCHES: u32 = 12;

export const PRODUCT_PERPETUAL: u8 = 0;
export const PRODUCT_FUTURE: u8 = 1;
export const PRODUCT_CALL: u8 = 2;
export const PRODUCT_PUT: u8 = 3;

export const KIND_LINEAR: u8 = 1;
export const KIND_INVERSE: u8 = 2;

/** Account: 64 bytes.
 *
 *    0 mode u8 | 1 state u8 | 2 quarantined u8 | 3 margin unknown u8 (the refusal) | 4 first position u32 | 8 first pool u32
 *   12 positions u32 | 16 pools and isolated positions by state u32 [5] (index 2 called, 3 liquidating, 4 bankrupt)
 *   40 state since us i64 | 48 regime u32 (portfolio mode) | 52 first hold u32 | 56 holds u32
 *   60 switches u8 | 61 control that has stopped it u8 | 62 controls with limits of the account, in all or one instrument, u16
 */
export const ACCOUNT_SIZE: u32 = 64;
export const ACCOUNT_MODE: u32 = 0;
export const ACCOUNT_STATE: u32 = 1;
export const ACCOUNT_QUARANTINED: u32 = 2;
export const ACCOUNT_MARGIN_UNKNOWN: u32 = 3;
export const ACCOUNT_FIRST_POSITION: u32 = 4;
export const ACCOUNT_FIRST_POOL: u32 = 8;
export const ACCOUNT_POSITIONS: u32 = 12;
export const ACCOUNT_STATE_COUNTS: u32 = 16;
export const ACCOUNT_STATE_SINCE: u32 = 40;
export const ACCOUNT_REGIME: u32 = 48;
export const ACCOUNT_FIRST_HOLD: u32 = 52;
export const ACCOUNT_HOLDS: u32 = 56;
export const ACCOUNT_SWITCHES: u32 = 60;
export const ACCOUNT_STOPPED_BY: u32 = 61;
export const ACCOUNT_LIMITED: u32 = 62;

/** Pool: 128 bytes. An account's cross collateral in one currency.
 *
 *    0 account u32 | 4 currency u32 | 8 next of account u32 | 12 state u8 | 13 basis u8 | 14 state by the regime u8
 *   16 balance i64 | 24 unrealised profit i64 | 32 IM i64 | 40 MM i64
 *   48 scan loss f64 | 56 worst scenario u32 | 60 open cross positions u32
 *   64 taken out of the balance during a trial i64 (else 0) | 72 deposited less withdrawn i64 | 80 state since us i64
 *   88 equity by the regime i64
 */
export const POOL_SIZE: u32 = 128;
export const POOL_ACCOUNT: u32 = 0;
export const POOL_CURRENCY: u32 = 4;
export const POOL_NEXT: u32 = 8;
export const POOL_STATE: u32 = 12;
export const POOL_BALANCE: u32 = 16;
export const POOL_PROFIT: u32 = 24;
export const POOL_IM: u32 = 32;
export const POOL_MM: u32 = 40;
export const POOL_SCAN_LOSS: u32 = 48;
export const POOL_WORST_SCENARIO: u32 = 56;
export const POOL_OPEN_POSITIONS: u32 = 60;
export const POOL_TRIAL_RESERVE: u32 = 64;
export const POOL_NET_DEPOSITS: u32 = 72;
export const POOL_STATE_SINCE: u32 = 80;
export const POOL_BASIS: u32 = 13;
export const POOL_REGIME_STATE: u32 = 14;
export const POOL_REGIME_EQUITY: u32 = 88;

/** By margin tables. */
export const BASIS_TABLES: u8 = 0;
/** Of a portfolio account: the regime judges it. */
export const BASIS_JUDGED: u8 = 1;
/** Of a portfolio account that is judged elsewhere, as a whole. */
export const BASIS_COUNTED: u8 = 2;

/** Position: 128 bytes, two cache lines. Kept while its instrument lives, because it carries the account's chosen mode
 *  and leverage (once the instrument is settled, the account's next new position takes the row over); it is in the
 *  instrument's list of holders only while open.
 *
 *    0 account u32 | 4 instrument u32 | 8 pool u32 | 12 next of account u32 (by instrument)
 *   16 next holder u32 | 20 previous holder u32 | 24 mode u8 | 25 state u8 | 28 leverage e2 u32
 *   32 quantity i64 | 40 entry cost i64 | 48 posted i64 | 56 mark value i64
 *   64 IM i64 | 72 MM i64 | 80 realised profit i64 | 88 fees i64 | 96 funding i64
 *  104 scan loss f64 (isolated only) | 112 worst scenario u32 | 120 state since us i64
 */
export const POSITION_SIZE: u32 = 128;
export const POSITION_ACCOUNT: u32 = 0;
export const POSITION_INSTRUMENT: u32 = 4;
export const POSITION_POOL: u32 = 8;
export const POSITION_NEXT: u32 = 12;
export const POSITION_NEXT_HOLDER: u32 = 16;
export const POSITION_PREVIOUS_HOLDER: u32 = 20;
export const POSITION_MODE: u32 = 24;
export const POSITION_STATE: u32 = 25;
export const POSITION_LEVERAGE: u32 = 28;
export const POSITION_QUANTITY: u32 = 32;
export const POSITION_ENTRY_COST: u32 = 40;
export const POSITION_POSTED: u32 = 48;
export const POSITION_MARK_VALUE: u32 = 56;
export const POSITION_IM: u32 = 64;
export const POSITION_MM: u32 = 72;
export const POSITION_REALISED: u32 = 80;
export const POSITION_FEES: u32 = 88;
export const POSITION_FUNDING: u32 = 96;
export const POSITION_SCAN_LOSS: u32 = 104;
export const POSITION_WORST_SCENARIO: u32 = 112;
export const POSITION_STATE_SINCE: u32 = 120;

export const MODE_ISOLATED: u8 = 1;
export const MODE_CROSS: u8 = 2;
/** Of an account. Its positions are isolated or cross; the cross ones are margined together by its regime. */
export const MODE_PORTFOLIO: u8 = 3;

export const STATE_HEALTHY: u8 = 1;
export const STATE_CALLED: u8 = 2;
export const STATE_LIQUIDATING: u8 = 3;
export const STATE_BANKRUPT: u8 = 4;

// The venue's own accounts, opened by `SHARD_OPENED`. They hold balances and have no margin state.
export const VENUE_FEES: u32 = 0;
export const VENUE_INSURANCE: u32 = 1;
export const VENUE_ROUNDING: u32 = 2;
export const VENUE_TRANSFERS: u32 = 3;
export const VENUE_ACCOUNTS: u32 = 4;

/** Hold: 80 bytes. What is left of an order that rests; the row is free once it is filled, released or expired.
 *
 *    0 account u32 | 4 instrument u32 | 8 next of account u32 (by instrument, buys before sells, best price first, then as
 *   placed; of a free row the next free one) | 12 side u8 | 13 flags u8 | 16 key of the order id u64
 *   24 quantity left i64 | 32 price i64 | 40 expiry us i64 (0: none) | 48 next to expire u32 | 52 previous to expire u32
 *   56 placed at us i64 | 64 quantity filled i64
 */
export const HOLD_SIZE: u32 = 80;
export const HOLD_ACCOUNT: u32 = 0;
export const HOLD_INSTRUMENT: u32 = 4;
export const HOLD_NEXT: u32 = 8;
export const HOLD_SIDE: u32 = 12;
export const HOLD_FLAGS: u32 = 13;
export const HOLD_KEY: u32 = 16;
export const HOLD_QUANTITY: u32 = 24;
export const HOLD_PRICE: u32 = 32;
export const HOLD_EXPIRY: u32 = 40;
export const HOLD_NEXT_EXPIRY: u32 = 48;
export const HOLD_PREVIOUS_EXPIRY: u32 = 52;
export const HOLD_TIME: u32 = 56;
export const HOLD_FILLED: u32 = 64;

/** Flags of a hold and of the input that places it: a limit order (its price counts); an order that only ever reduces. */
export const ORDER_PRICED: u8 = 1;
export const ORDER_REDUCE_ONLY: u8 = 2;

/** Why a hold ended by itself. */
export const HOLD_TIME_OVER: u8 = 1;
export const HOLD_INSTRUMENT_SETTLED: u8 = 2;

/** Journal position of the event that a remembered identity came with: i64, beside the ring. */
export const IDENTITY_POSITION_SIZE: u32 = 8;

/** Remembered identity: 24 bytes, a ring. 0 key u64 | 8 fingerprint u64 | 16 event time us i64 */
export const IDENTITY_SIZE: u32 = 24;
export const IDENTITY_KEY: u32 = 0;
export const IDENTITY_FINGERPRINT: u32 = 8;
export const IDENTITY_TIME: u32 = 16;

/** Journal position of the account's newest event: i64. */
export const ACCOUNT_HEAD_SIZE: u32 = 8;

/** Limit: 48 bytes, in the order in which they were first set. A key keeps its row for good.
 *
 *    0 entry u8 | 1 in force u8 | 4 account u32 | 8 instrument u32 | 12 currency u32 (NONE each: all of them)
 *   16 value i64 (of an override: its expiry us; of switches: the switches) | 24 second value i64
 *   32 millionths of tokens left, or executions in a row, i64 | 40 when that was us, or of which order (its hash), i64
 *
 *  `entry` is a control, a control | ENTRY_OVERRIDE, or ENTRY_SWITCHES: the switches of one account in one instrument.
 */
export const LIMIT_SIZE: u32 = 48;
export const LIMIT_ENTRY: u32 = 0;
export const LIMIT_IN_FORCE: u32 = 1;
export const LIMIT_ACCOUNT: u32 = 4;
export const LIMIT_INSTRUMENT: u32 = 8;
export const LIMIT_CURRENCY: u32 = 12;
export const LIMIT_VALUE: u32 = 16;
export const LIMIT_SECOND: u32 = 24;
export const LIMIT_COUNT: u32 = 32;
export const LIMIT_MARKER: u32 = 40;
export const LIMIT_CAPACITY: u32 = 65536;
/** Of them: overrides in force at once. */
export const OVERRIDE_CAPACITY: u32 = 1024;
export const ENTRY_OVERRIDE: u8 = 128;
export const ENTRY_SWITCHES: u8 = 15;

// Controls: the numbers of plimsoll.v1.Control (docs/controls.md).
export const CONTROL_PRICE_COLLAR: u8 = 1;
export const CONTROL_ORDER_QUANTITY: u8 = 2;
export const CONTROL_ORDER_NOTIONAL: u8 = 3;
export const CONTROL_MESSAGE_RATE: u8 = 4;
export const CONTROL_POSITION: u8 = 5;
export const CONTROL_OPEN_ORDERS: u8 = 6;
export const CONTROL_OPEN_QUANTITY: u8 = 7;
export const CONTROL_OPEN_NOTIONAL: u8 = 8;
export const CONTROL_CREDIT: u8 = 9;
export const CONTROL_CONCENTRATION: u8 = 10;
export const CONTROL_EXECUTION_RATE: u8 = 11;
export const CONTROL_ORDER_EXECUTIONS: u8 = 12;

// Switches: the numbers of plimsoll.v1.Switch, one bit each.
export const SWITCH_KILL: u8 = 1;
export const SWITCH_HALT: u8 = 2;
export const SWITCH_REDUCE_ONLY: u8 = 4;
export const SWITCH_NOT_PERMITTED: u8 = 8;

/** Input slot: 80 bytes. Field meaning depends on the kind; a list (tiers, moves, a listing) stands in the blob as i64s.
 *
 *    0 kind u8 | 1 side, mode or contract kind u8 | 2 liquidity u8 | 3 flags u8 | 4 account u32 | 8 instrument u32
 *   12 currency, table or scale u32 | 16 event time us i64 | 24 identity key u64 | 32 fingerprint u64
 *   40 first i64 | 48 second i64 | 56 third i64 | 64 blob offset u32 | 68 blob i64s u32 | 72 key of an order id u64 (0: none)
 *
 *  A mark that a replay puts off: second and third say where in the blob, and how many, accounts stand whose state changed.
 */
export const INPUT_SIZE: u32 = 80;
export const INPUT_KIND: u32 = 0;
export const INPUT_CHOICE: u32 = 1;
export const INPUT_LIQUIDITY: u32 = 2;
export const INPUT_FLAGS: u32 = 3;
export const INPUT_ACCOUNT: u32 = 4;
export const INPUT_INSTRUMENT: u32 = 8;
export const INPUT_CURRENCY: u32 = 12;
export const INPUT_TIME: u32 = 16;
export const INPUT_IDENTITY: u32 = 24;
export const INPUT_FINGERPRINT: u32 = 32;
export const INPUT_FIRST: u32 = 40;
export const INPUT_SECOND: u32 = 48;
export const INPUT_THIRD: u32 = 56;
export const INPUT_BLOB: u32 = 64;
export const INPUT_BLOB_COUNT: u32 = 68;
export const INPUT_ORDER: u32 = 72;
export const INPUT_CAPACITY: u32 = 4096;
export const BLOB_CAPACITY: u32 = 65536;

export const FLAG_LIQUIDATION: u8 = 1;
export const FLAG_FEE_GIVEN: u8 = 2;
/** The host could not read the record; the reason stands in `first`. */
export const FLAG_MALFORMED: u8 = 4;
/** Of a mark: which of volatility (blob 0), forward (blob 1), interest (blob 2) it tells. */
export const FLAG_VOLATILITY: u8 = 8;
export const FLAG_FORWARD: u8 = 16;
export const FLAG_INTEREST: u8 = 32;
/** Of a fill: it names its order. */
export const FLAG_ORDER_NAMED: u8 = 64;

export const SIDE_BUY: u8 = 1;
export const SIDE_SELL: u8 = 2;
export const LIQUIDITY_MAKER: u8 = 1;
export const LIQUIDITY_TAKER: u8 = 2;

// Kinds: the field numbers of JournalEvent.body.
export const SHARD_OPENED: u8 = 10;
export const EPOCH_STARTED: u8 = 11;
export const CURRENCY_LISTED: u8 = 12;
export const MARGIN_TABLE_SET: u8 = 13;
export const SCENARIO_GRID_SET: u8 = 14;
export const INSTRUMENT_LISTED: u8 = 15;
export const REGIME_SET: u8 = 16;
export const ACCOUNT_OPENED: u8 = 20;
export const DEPOSITED: u8 = 21;
export const WITHDRAWN: u8 = 22;
export const MARGIN_MODE_SET: u8 = 23;
export const LEVERAGE_SET: u8 = 24;
export const COLLATERAL_MOVED: u8 = 25;
export const HOLD_PLACED: u8 = 26;
export const HOLD_AMENDED: u8 = 27;
export const HOLD_RELEASED: u8 = 28;
export const FILL_APPLIED: u8 = 30;
export const MARK_PRICE_SET: u8 = 40;
export const FUNDING_APPLIED: u8 = 41;
export const INSTRUMENT_SETTLED_KIND: u8 = 42;
export const INDEX_PRICE_SET: u8 = 43;
export const LIMIT_SET: u8 = 50;
export const SWITCH_SET: u8 = 51;
export const OVERRIDE_SET: u8 = 52;
export const RECORD_QUARANTINED: u8 = 61;
export const FUNDING_PAID: u8 = 70;
export const POSITION_SETTLED: u8 = 71;
export const MARGIN_STATE_CHANGED: u8 = 72;
export const INSURANCE_PAID: u8 = 73;
export const ACCOUNT_QUARANTINED_KIND: u8 = 74;
export const REGIME_ACTIVATED: u8 = 75;
export const MARGIN_UNKNOWN_KIND: u8 = 76;
export const HOLD_EXPIRED: u8 = 77;
export const HOLD_USED: u8 = 78;
export const OVERRIDE_EXPIRED: u8 = 79;
export const CONTROL_TRIPPED: u8 = 80;

/** What `setReplay` takes: marks value who is named or touched; no identity is looked up or remembered (deferral.ts). */
export const REPLAY_DEFERS_MARKS: u32 = 1;
export const REPLAY_PASSES_IDENTITIES_OVER: u32 = 2;

/** Output slot: 152 bytes. The first slot of an input has the input's kind, the others what followed from it.
 *
 *    0 kind u8 | 1 code u8 (0 applied, else the refusal) | 2 from state u8 | 3 to state u8 | 4 input index u32
 *    8 account u32 | 12 instrument u32 | 16 currency u32 | 20 isolated u32
 *   24 journal position i64 | 32 position of the account's previous event i64 | 40 value i64 [14]
 */
export const OUTPUT_SIZE: u32 = 152;
export const OUTPUT_KIND: u32 = 0;
export const OUTPUT_CODE: u32 = 1;
export const OUTPUT_FROM_STATE: u32 = 2;
export const OUTPUT_TO_STATE: u32 = 3;
export const OUTPUT_INPUT: u32 = 4;
export const OUTPUT_ACCOUNT: u32 = 8;
export const OUTPUT_INSTRUMENT: u32 = 12;
export const OUTPUT_CURRENCY: u32 = 16;
export const OUTPUT_ISOLATED: u32 = 20;
export const OUTPUT_POSITION: u32 = 24;
export const OUTPUT_PREVIOUS: u32 = 32;
export const OUTPUT_VALUES: u32 = 40;

/** Answer of `checkOrder`: i64 [16], see `CHECK_*`. */
export const ANSWER_SIZE: u32 = 1024;
export const CHECK_CODE: u32 = 0;
export const CHECK_REDUCES: u32 = 1;
export const CHECK_IM_BEFORE: u32 = 2;
export const CHECK_IM_AFTER: u32 = 3;
export const CHECK_MM_BEFORE: u32 = 4;
export const CHECK_MM_AFTER: u32 = 5;
export const CHECK_EQUITY_BEFORE: u32 = 6;
export const CHECK_EQUITY_AFTER: u32 = 7;
export const CHECK_FREE_BEFORE: u32 = 8;
export const CHECK_FREE_AFTER: u32 = 9;
export const CHECK_VALUE: u32 = 10;
export const CHECK_LIMIT: u32 = 11;
export const CHECK_FEE: u32 = 12;
/** The refusal that stands nearest, 0 when nothing limits the order. */
export const CHECK_BINDING: u32 = 13;
/** Of PRICE_STALE and PRICE_MISSING: whose price it is. PRICE_OF_* in the upper half, the key of a name in the lower; else 0. */
export const CHECK_PRICE: u32 = 14;
/** i64s of the answer; the slot of a hold input carries them all as its values. */
export const CHECK_FIELDS: u32 = 15;

// What of an instrument a price is; the numbers of plimsoll.v1.PriceKind. An index is also the rate of a currency.
export const PRICE_OF_MARK: u8 = 1;
export const PRICE_OF_VOLATILITY: u8 = 2;
export const PRICE_OF_FORWARD: u8 = 3;
export const PRICE_OF_INDEX: u8 = 4;
