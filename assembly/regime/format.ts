// Shapes that the machine of regimes shares with its host: a program in binary form, the book that is margined, and what
// comes out. Read by both compilers, like layout.ts: plain numbers and nothing else. A cell is a decimal of 16 bytes, the low
// half first (regime/decimal.ts). Offsets are bytes from the start of what holds them.

/** A number that stands for "none": no set, no key. */
export const NO_NUMBER: u32 = 0xffffffff;

// Levels: places in LEVELS of services/regimes/program.ts.
export const LEVEL_ACCOUNT: u32 = 0;
export const LEVEL_UNIT: u32 = 1;
export const LEVEL_UNDERLYING: u32 = 2;
export const LEVEL_EXPIRY: u32 = 3;
export const LEVEL_STRIKE: u32 = 4;
export const LEVEL_POSITION: u32 = 5;
export const LEVEL_ORDER: u32 = 6;
export const LEVEL_CURRENCY: u32 = 7;
export const LEVEL_INSTRUMENT: u32 = 8;
export const LEVEL_COUNT: u32 = 9;

// Fields: places in FIELDS.
export const FIELD_LINEAR: u32 = 0;
export const FIELD_INVERSE: u32 = 1;
export const FIELD_PERPETUAL: u32 = 2;
export const FIELD_FUTURE: u32 = 3;
export const FIELD_OPTION: u32 = 4;
export const FIELD_CALL: u32 = 5;
export const FIELD_PUT: u32 = 6;
export const FIELD_SPOT: u32 = 7;
export const FIELD_MULTIPLIER: u32 = 8;
export const FIELD_MARK: u32 = 9;
export const FIELD_FORWARD: u32 = 10;
export const FIELD_STRIKE: u32 = 11;
export const FIELD_VOLATILITY: u32 = 12;
export const FIELD_INTEREST: u32 = 13;
export const FIELD_SECONDS: u32 = 14;
export const FIELD_DAYS: u32 = 15;
export const FIELD_YEARS: u32 = 16;
export const FIELD_EXPIRED: u32 = 17;
export const FIELD_UNIT_VALUE: u32 = 18;
export const FIELD_QUANTITY: u32 = 19;
export const FIELD_SIZE: u32 = 20;
export const FIELD_SIDE: u32 = 21;
export const FIELD_LONG: u32 = 22;
export const FIELD_SHORT: u32 = 23;
export const FIELD_ENTRY: u32 = 24;
export const FIELD_VALUE: u32 = 25;
export const FIELD_NOTIONAL: u32 = 26;
export const FIELD_PROFIT: u32 = 27;
export const FIELD_LEVERAGE: u32 = 28;
export const FIELD_ISOLATED: u32 = 29;
export const FIELD_POSTED: u32 = 30;
export const FIELD_ORDER_QUANTITY: u32 = 31;
export const FIELD_ORDER_PRICE: u32 = 32;
export const FIELD_BUY: u32 = 33;
export const FIELD_SELL: u32 = 34;
export const FIELD_COVERED: u32 = 35;
export const FIELD_REDUCE_ONLY: u32 = 36;
export const FIELD_MARKET_ORDER: u32 = 37;
export const FIELD_INDEX: u32 = 38;
export const FIELD_BALANCE: u32 = 39;
export const FIELD_PRICE: u32 = 40;
export const FIELD_BACHELIER: u32 = 41;
export const FIELD_COUNT: u32 = 42;

// Operations: places in OPERATIONS.
export const OPERATION_CONSTANT: u32 = 0;
export const OPERATION_FIELD: u32 = 1;
export const OPERATION_PARAMETER: u32 = 2;
export const OPERATION_INPUT: u32 = 3;
export const OPERATION_ATTRIBUTE: u32 = 4;
export const OPERATION_WIDEN: u32 = 5;
export const OPERATION_SPREAD: u32 = 6;
export const OPERATION_ADD: u32 = 7;
export const OPERATION_SUBTRACT: u32 = 8;
export const OPERATION_MULTIPLY: u32 = 9;
export const OPERATION_DIVIDE: u32 = 10;
export const OPERATION_NEGATE: u32 = 11;
export const OPERATION_POWER: u32 = 12;
export const OPERATION_MINIMUM: u32 = 13;
export const OPERATION_MAXIMUM: u32 = 14;
export const OPERATION_LESS: u32 = 15;
export const OPERATION_LESS_EQUAL: u32 = 16;
export const OPERATION_EQUAL: u32 = 17;
export const OPERATION_NOT_EQUAL: u32 = 18;
export const OPERATION_AND: u32 = 19;
export const OPERATION_OR: u32 = 20;
export const OPERATION_NOT: u32 = 21;
export const OPERATION_CHOOSE: u32 = 22;
export const OPERATION_ABSOLUTE: u32 = 23;
export const OPERATION_SIGN: u32 = 24;
export const OPERATION_SQUARE_ROOT: u32 = 25;
export const OPERATION_EXPONENTIAL: u32 = 26;
export const OPERATION_LOGARITHM: u32 = 27;
export const OPERATION_NORMAL: u32 = 28;
export const OPERATION_NORMAL_INVERSE: u32 = 29;
export const OPERATION_FLOOR: u32 = 30;
export const OPERATION_CEILING: u32 = 31;
export const OPERATION_TRUNCATE: u32 = 32;
export const OPERATION_ROUND: u32 = 33;
export const OPERATION_TOTAL: u32 = 34;
export const OPERATION_HIGHEST: u32 = 35;
export const OPERATION_LOWEST: u32 = 36;
export const OPERATION_COUNT: u32 = 37;
export const OPERATION_ANY: u32 = 38;
export const OPERATION_WORST: u32 = 39;
export const OPERATION_WORST_AT: u32 = 40;
export const OPERATION_QUANTILE: u32 = 41;
export const OPERATION_TAIL_MEAN: u32 = 42;
export const OPERATION_SCENARIO: u32 = 43;
export const OPERATION_MARGINAL: u32 = 44;
export const OPERATION_BRACKET: u32 = 45;
export const OPERATION_BLACK_PRICE: u32 = 46;
export const OPERATION_BLACK_DELTA: u32 = 47;
export const OPERATION_BLACK_GAMMA: u32 = 48;
export const OPERATION_BLACK_VEGA: u32 = 49;
export const OPERATION_BLACK_THETA: u32 = 50;
export const OPERATION_PAYOFF_FLOOR: u32 = 51;
export const OPERATION_CORRELATED: u32 = 52;
export const OPERATION_SPREAD_CREDIT: u32 = 53;
export const OPERATION_CALENDAR_CHARGE: u32 = 54;
export const OPERATION_STRATEGY: u32 = 55;
export const OPERATION_PAYOFF_AT: u32 = 56;
export const OPERATION_BACHELIER_PRICE: u32 = 57;
export const OPERATION_BACHELIER_DELTA: u32 = 58;
export const OPERATION_BACHELIER_GAMMA: u32 = 59;
export const OPERATION_BACHELIER_VEGA: u32 = 60;
export const OPERATION_BACHELIER_THETA: u32 = 61;

// Risk units. Key of a unit row: the number of the underlying, of the currency or of the group, or 0; with the settlement,
// both in one. An underlying without a group is its own unit.
export const RISK_UNIT_UNDERLYING: u32 = 0;
export const RISK_UNIT_UNDERLYING_SETTLEMENT: u32 = 1;
export const RISK_UNIT_SETTLEMENT: u32 = 2;
export const RISK_UNIT_ACCOUNT: u32 = 3;
export const RISK_UNIT_GROUP: u32 = 4;
/** Underlyings have numbers below 2^20, currencies below 2^11: key = underlying + (currency + 1) x 2^20. */
export const UNIT_CURRENCY_SHIFT: u32 = 20;
export const UNIT_UNDERLYING_MASK: u32 = 0xfffff;
/** Set in the key of a named group. */
export const UNIT_GROUP_FLAG: u32 = 0x80000000;

/** Program: a header of 176 bytes, then what its offsets lead to. Counts and offsets in pairs.
 *
 *    0 format u32 | 4 bytes u32 | 8 risk unit u32 | 12 widest set, scenarios u32
 *   16 nodes | 24 sets | 32 parameters | 40 tables | 48 pair tables | 56 spread tables | 64 inputs | 72 groups
 *   80 level of the conclusion u32 | 84 equity u32 | 88 initial u32 | 92 maintenance u32 | 96 called u32 | 100 liquidating u32
 *  104 bankrupt u32 | 108 bytes of a row of the market u32 | 112 stored nodes | 120 stored nodes depend on the time u32
 *  124 arena for any book u32 | 128 arena for a row of each level u32 [9] | 164 has strategies u32:
 *      these three are written when it is installed (room.ts)
 */
export const PROGRAM_FORMAT: u32 = 0x31474552;
export const PROGRAM_HEADER_SIZE: u32 = 176;
export const PROGRAM_BYTES: u32 = 4;
export const PROGRAM_RISK_UNIT: u32 = 8;
export const PROGRAM_WIDEST: u32 = 12;
export const PROGRAM_NODES: u32 = 16;
export const PROGRAM_SETS: u32 = 24;
export const PROGRAM_PARAMETERS: u32 = 32;
export const PROGRAM_TABLES: u32 = 40;
export const PROGRAM_PAIR_TABLES: u32 = 48;
export const PROGRAM_SPREAD_TABLES: u32 = 56;
export const PROGRAM_INPUTS: u32 = 64;
export const PROGRAM_GROUPS: u32 = 72;
export const PROGRAM_LEVEL: u32 = 80;
/** Six nodes: equity, initial, maintenance; conditions for called, liquidating, bankrupt. */
export const PROGRAM_CONCLUSION: u32 = 84;
export const CONCLUSION_NODES: u32 = 6;
export const PROGRAM_MARKET_ROW: u32 = 108;
export const PROGRAM_STORED: u32 = 112;
export const PROGRAM_TIMED: u32 = 120;
export const PROGRAM_FIXED_BYTES: u32 = 124;
export const PROGRAM_ROW_BYTES: u32 = 128;
export const PROGRAM_STRATEGIES: u32 = 164;

/** Node: 48 bytes.
 *
 *    0 operation u16 | 2 level u8 | 3 flags u8 | 4 set u32 | 8 arguments u32 | 12 offset of their numbers, u32 each, u32
 *   16 index u32 | 20 column u32 | 24 offset in a row of the market u32 | 32 constant cell
 */
export const NODE_SIZE: u32 = 48;
export const NODE_OPERATION: u32 = 0;
export const NODE_LEVEL: u32 = 2;
export const NODE_FLAGS: u32 = 3;
export const NODE_SET: u32 = 4;
export const NODE_ARGUMENTS: u32 = 8;
export const NODE_ARGUMENT_LIST: u32 = 12;
export const NODE_INDEX: u32 = 16;
export const NODE_COLUMN: u32 = 20;
export const NODE_MARKET_OFFSET: u32 = 24;
export const NODE_CONSTANT: u32 = 32;

/** Depends on the market and the document alone. */
export const NODE_MARKET: u8 = 1;
/** The verdict needs it. */
export const NODE_VERDICT: u8 = 2;
/** A product that only the total after it reads: computed there, without a matrix of its own. */
export const NODE_FUSED: u8 = 4;
/** A term of the market, one value an instrument, that others read: kept in the market store. */
export const NODE_STORED: u8 = 8;
/** The verdict of a live account needs it when stored nodes come from the market store. */
export const NODE_LIVE: u8 = 16;
/** A stored node needs it. */
export const NODE_PREPARED: u8 = 32;

/** Set: 16 bytes. 0 scenarios u32 | 4 bytes of a row (scenarios x 8, even) u32 | 8 attributes (count, offset) */
export const SET_SIZE: u32 = 16;
export const SET_COUNT: u32 = 0;
export const SET_WIDTH: u32 = 4;
export const SET_ATTRIBUTES: u32 = 8;
/** Attribute: 16 bytes. 0 lists with a key (count, offset of rising u32 keys) | 8 offset of the rows: default, then by key */
export const ATTRIBUTE_SIZE: u32 = 16;
export const ATTRIBUTE_KEYS: u32 = 0;
export const ATTRIBUTE_ROWS: u32 = 8;

/** Parameter: 32 bytes. 0 keys (count, offset of rising u32) | 8 offset of a cell for each key u32 | 16 default cell */
export const PARAMETER_SIZE: u32 = 32;
export const PARAMETER_KEYS: u32 = 0;
export const PARAMETER_CELLS: u32 = 8;
export const PARAMETER_DEFAULT: u32 = 16;

/** Table: 24 bytes.
 *
 *    0 level of its keys u32 | 4 a value at a `from` lies in the tier before, u32 | 8 keys (count, offset of rising u32)
 *   16 offset of u32 offsets of tiers: default (0 for none), then by key | 20 columns u32
 */
export const TIER_TABLE_SIZE: u32 = 24;
export const TIER_TABLE_LEVEL: u32 = 0;
export const TIER_TABLE_ENDS: u32 = 4;
export const TIER_TABLE_KEYS: u32 = 8;
export const TIER_TABLE_TIERS: u32 = 16;
export const TIER_TABLE_COLUMNS: u32 = 20;
/** Tiers: 16 bytes (0 rows u32), then the cells of `from`, then of each column. */
export const TIERS_ROWS: u32 = 0;
export const TIERS_CELLS: u32 = 16;

/** Pair table: 32 bytes. 0 keys (count n, offset of u32, in their own order) | 8 offset of n x n cells | 16 otherwise cell */
export const PAIR_TABLE_SIZE: u32 = 32;
export const PAIR_TABLE_KEYS: u32 = 0;
export const PAIR_TABLE_CELLS: u32 = 8;
export const PAIR_TABLE_OTHERWISE: u32 = 16;

/** Spread table: 8 bytes, spreads (count, offset), by rising priority. Spread: 32 bytes. 0 legs (count, offset) | 16 rate cell */
export const SPREAD_TABLE_SIZE: u32 = 8;
export const SPREAD_SIZE: u32 = 32;
export const SPREAD_LEGS: u32 = 0;
export const SPREAD_RATE: u32 = 16;
/** Leg: 32 bytes. 0 key u32 | 16 ratio cell */
export const LEG_SIZE: u32 = 32;
export const LEG_KEY: u32 = 0;
export const LEG_RATIO: u32 = 16;

/** Input: 32 bytes. 0 level u32 | 4 set u32 | 16 default cell */
export const INPUT_RECORD_SIZE: u32 = 32;
export const INPUT_RECORD_DEFAULT: u32 = 16;

/** Group: 8 bytes. 0 underlying u32 (rising) | 4 group u32 */
export const GROUP_SIZE: u32 = 8;

// Capacities that do not depend on the shard.
export const PROGRAM_SLOTS: u32 = 16;
export const SCENARIOS_MAX: u32 = 100000;
export const BOOK_CURRENCIES_MAX: u32 = 256;
export const BOOK_INPUTS_MAX: u32 = 32;

/** Directory of the machine's memory, u32 addresses at `regimeDirectory()`.
 *
 *    4 book header | 8 position keys | 12 order keys | 16 currency keys
 *   20 rows of each level u32 [9] | 24 parent maps | 28 bytes of a parent map | 32 verdicts | 36 refusal | 40 arena
 *   44 end of the arena | 48 results of the nodes (after an evaluation)
 *   64 field columns [41] | 256 input columns [32]
 */
export const DIRECTORY_SIZE: u32 = 384;
export const DIRECTORY_BOOK: u32 = 4;
export const DIRECTORY_POSITION_KEYS: u32 = 8;
export const DIRECTORY_ORDER_KEYS: u32 = 12;
export const DIRECTORY_CURRENCY_KEYS: u32 = 16;
export const DIRECTORY_ROWS: u32 = 20;
export const DIRECTORY_MAPS: u32 = 24;
export const DIRECTORY_MAP_BYTES: u32 = 28;
export const DIRECTORY_VERDICTS: u32 = 32;
export const DIRECTORY_REFUSAL: u32 = 36;
export const DIRECTORY_ARENA: u32 = 40;
export const DIRECTORY_ARENA_END: u32 = 44;
export const DIRECTORY_RESULTS: u32 = 48;
export const DIRECTORY_FIELDS: u32 = 64;
export const DIRECTORY_INPUTS: u32 = 256;

/** Book header: 160 bytes, written by who fills the book, as are keys and columns.
 *
 *    0 time us i64 | 8 positions u32 | 12 orders u32 | 16 currencies u32
 *   20 bytes at the start of the arena that hold matrix inputs u32
 *   32 address of the rows of a matrix input u32 [32] (0: its column's cells stand for all scenarios)
 *
 * Columns to fill: multiplier to interest, quantity, entry, profit, leverage, posted, isolated and index (of its underlying)
 * for each position; order quantity, price and reduce-only; balance and price. The rest is derived. An input has a cell for
 * each row of: order, currency or account where that is its level, else position (an input of a level above is read from its
 * first position). Rows of a matrix input are float64, as many as those cells, each as long as a row of its set.
 */
export const BOOK_SIZE: u32 = 160;
export const BOOK_TIME: u32 = 0;
export const BOOK_POSITIONS: u32 = 8;
export const BOOK_ORDERS: u32 = 12;
export const BOOK_CURRENCIES: u32 = 16;
export const BOOK_ARENA_TAKEN: u32 = 20;
export const BOOK_MATRICES: u32 = 32;

/** Keys of a position: 32 bytes.
 *
 *    0 underlying u32 | 4 settlement currency u32 | 8 expiry us i64 (EXPIRY_NONE) | 16 instrument u32 | 20 product u8
 *   21 inverse u8 | 22 price model is Bachelier's u8 | 24 version of the instrument's market u64, for EVALUATE_LIVE alone (market.ts)
 *
 * In the order of the instruments, one an instrument; its settlement is among the currencies.
 */
export const POSITION_KEYS_SIZE: u32 = 32;
export const POSITION_UNDERLYING: u32 = 0;
export const POSITION_SETTLEMENT: u32 = 4;
export const POSITION_EXPIRY: u32 = 8;
export const POSITION_NUMBER: u32 = 16;
export const POSITION_PRODUCT: u32 = 20;
export const POSITION_INVERSE: u32 = 21;
export const POSITION_BACHELIER: u32 = 22;
export const POSITION_VERSION: u32 = 24;

export const PRODUCT_PERPETUAL: u8 = 0;
export const PRODUCT_FUTURE: u8 = 1;
export const PRODUCT_CALL: u8 = 2;
export const PRODUCT_PUT: u8 = 3;
export const PRODUCT_SPOT: u8 = 4;

/** Keys of an order: 8 bytes. 0 row of its position u32 | 4 side u8 (1 buy). Ordered by position; buys, then sells; best price first. */
export const ORDER_KEYS_SIZE: u32 = 8;
export const ORDER_POSITION: u32 = 0;
export const ORDER_BUY: u32 = 4;

/** Key of a currency: its number, u32. */
export const CURRENCY_KEYS_SIZE: u32 = 4;

/** Result of a node: 16 bytes.
 *
 *    0 address u32 (0: not evaluated) | 4 bytes from row to row u32 | 8 map from rows to stored rows u32 (0: none)
 *   12 bytes from scenario to scenario u32 (0: one value for all of them)
 */
export const RESULT_SIZE: u32 = 16;
export const RESULT_ADDRESS: u32 = 0;
export const RESULT_ROW_BYTES: u32 = 4;
export const RESULT_MAP: u32 = 8;
export const RESULT_STEP: u32 = 12;

/** Verdict: 64 bytes, one a row of the conclusion's level. 0 equity | 16 initial | 32 maintenance | 48 state u32 (STATE_*) */
export const VERDICT_SIZE: u32 = 64;
export const VERDICT_EQUITY: u32 = 0;
export const VERDICT_INITIAL: u32 = 16;
export const VERDICT_MAINTENANCE: u32 = 32;
export const VERDICT_STATE: u32 = 48;

/** Refusal: 16 bytes. 0 code u32 | 4 node u32 | 8 row u32 | 12 the node that the verdict asked for u32 */
export const REFUSAL_SIZE: u32 = 16;
export const REFUSAL_CODE: u32 = 0;
export const REFUSAL_NODE: u32 = 4;
export const REFUSAL_ROW: u32 = 8;
export const REFUSAL_ASKED: u32 = 12;

export const REGIME_DONE: u32 = 0;
/** A figure of the conclusion is undefined; node and row say which fact or operation it came from. */
export const REGIME_UNDEFINED: u32 = 1;
/** The book needs a larger arena (room.ts). */
export const REGIME_ARENA_FULL: u32 = 2;
export const REGIME_TOO_MANY_ROWS: u32 = 3;
export const REGIME_PROGRAM_UNKNOWN: u32 = 4;
export const REGIME_PROGRAM_INVALID: u32 = 5;
export const REGIME_STORE_FULL: u32 = 6;
/** A position settles in a currency that the book does not list. */
export const REGIME_CURRENCY_UNKNOWN: u32 = 7;
export const REGIME_OPERATION_UNKNOWN: u32 = 8;

// What `evaluateBook` evaluates.
/** All nodes: every term can be read afterwards. */
export const EVALUATE_ALL: u32 = 0;
/** What the verdict needs. */
export const EVALUATE_VERDICT: u32 = 1;
/** What the verdict needs, with stored nodes from the market store. */
export const EVALUATE_LIVE: u32 = 2;
