// A live account as the book of its regime (MAR-030): its records become rows and columns of the machine, the machine's
// verdict becomes amounts again.

import { CURRENCY_UNKNOWN, MARGIN_UNKNOWN, OVERFLOW } from "./codes";
import { isOption } from "./contracts";
import {
  ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, ACCOUNT_REGIME, CURRENCY_KEY, CURRENCY_SCALE, HEADER_EVENT_TIME,
  INDEX_PRICE, INSTRUMENT_COIN_SETTLED, INSTRUMENT_CURRENCY, INSTRUMENT_EXPIRY, INSTRUMENT_FORWARD,
  INSTRUMENT_FORWARD_KNOWN, INSTRUMENT_INTEREST, INSTRUMENT_KEY, INSTRUMENT_KIND, INSTRUMENT_MARK, INSTRUMENT_MARKED,
  INSTRUMENT_MULTIPLIER_DENOMINATOR, INSTRUMENT_MULTIPLIER_NUMERATOR, INSTRUMENT_PRICE_SCALE, INSTRUMENT_PRODUCT,
  INSTRUMENT_QUANTITY_SCALE, INSTRUMENT_STRIKE, INSTRUMENT_UNDERLYING, INSTRUMENT_VOLATILITY,
  INSTRUMENT_NON_POSITIVE, INSTRUMENT_VERSION, INSTRUMENT_VOLATILITY_KNOWN, KIND_INVERSE, NONE, POOL_BALANCE, POOL_CURRENCY, POOL_NEXT, POSITION_ENTRY_COST,
  POSITION_INSTRUMENT, POSITION_LEVERAGE, POSITION_NEXT, POSITION_QUANTITY, REGIME_PROGRAM, REGIME_VALUATION,
} from "./layout";
import { isCross } from "./holdings";
import { profitOf } from "./margin";
import { valuationCurrency } from "./portfolio";
import { CELL, divide, multiply as multiplyCells, negate, putWhole, subtract, TOWARD_MINUS, TOWARD_PLUS, undefine } from "./regime/decimal";
import {
  BOOK_ARENA_TAKEN, BOOK_CURRENCIES, BOOK_ORDERS, BOOK_POSITIONS, BOOK_TIME, CURRENCY_KEYS_SIZE, EVALUATE_LIVE,
  FIELD_BALANCE, FIELD_ENTRY, FIELD_FORWARD, FIELD_INDEX, FIELD_INTEREST, FIELD_ISOLATED, FIELD_LEVERAGE, FIELD_MARK,
  INPUT_RECORD_DEFAULT, INPUT_RECORD_SIZE, LEVEL_ACCOUNT, LEVEL_CURRENCY,
  PROGRAM_INPUTS, PROGRAM_LEVEL,
  FIELD_MULTIPLIER, FIELD_POSTED, FIELD_PRICE, FIELD_PROFIT, FIELD_QUANTITY, FIELD_STRIKE, FIELD_VOLATILITY,
  POSITION_BACHELIER, POSITION_EXPIRY, POSITION_INVERSE, POSITION_KEYS_SIZE, POSITION_NUMBER, POSITION_PRODUCT, POSITION_VERSION,
  POSITION_SETTLEMENT, POSITION_UNDERLYING, REFUSAL_NODE, REFUSAL_ROW, REGIME_DONE, VERDICT_EQUITY, VERDICT_INITIAL,
  VERDICT_MAINTENANCE, VERDICT_SIZE, VERDICT_STATE,
} from "./regime/format";
import { deriveHolding, EXPIRY_NONE } from "./regime/book";
import { HOLDING_FIELDS, noteDown } from "./regime/changes";
import { bookedOrders, fillWithOrders } from "./bookOrders";
import { evaluateKept, KEPT_DONE, KEPT_NOWHERE } from "./keptBooks";
import { evaluate } from "./regime/machine";
import { fieldsRead, reads } from "./regime/programFacts";
import { programAt } from "./regime/programs";
import {
  book, currencyKeys, currencyNumbers, fieldColumn, inputColumn, positionKeys, positionMax, refusal, useMainDesk, verdicts,
} from "./regime/regions";
import { putUnits, putWholeUnits } from "./scaledCells";
import {
  accountAt, currencyAt, header, indexAt, instrumentAt, poolAt, positionAt, regimeAt, sparePool, sparePosition,
} from "./tables";

let positionRows: u32 = 0;
let currencyRows: u32 = 0;
const PREMIUM: usize = memory.data(16);
/** Fields that the program reads, a bit each: of the others, those that cost something are left out. */
let fields: u64 = 0;
let byCurrency: bool = false;
let judgedCurrency: u32 = NONE;

/**
 * Margins an account as its records stand.
 * @param position a spare row that stands beside the account's list (0: none), `pool` the spare pool it may need
 * @returns 0, else why the margin is unknown
 */
export function evaluateAccount(account: u32, position: usize, pool: usize): u8 {
  const regime = regimeAt(load<u32>(accountAt(account), ACCOUNT_REGIME));
  const program = load<u32>(regime, REGIME_PROGRAM);
  byCurrency = judgesCurrencies(program);
  judgedCurrency = byCurrency ? NONE : valuationCurrency(account);
  if (!byCurrency && judgedCurrency == NONE) return CURRENCY_UNKNOWN;
  const valuation = load<u32>(regime, REGIME_VALUATION);
  if (!ordersInBook && !onTrial) {
    const kept = evaluateKept(account, position, pool, valuation, program);
    if (kept != KEPT_NOWHERE) return kept == KEPT_DONE ? codeOfVerdicts() : MARGIN_UNKNOWN;
  }
  useMainDesk();
  if (!fillBook(account, position, pool, valuation, program)) return OVERFLOW;
  return evaluate(program, EVALUATE_LIVE) == REGIME_DONE ? codeOfVerdicts() : MARGIN_UNKNOWN;
}

/** For each row of the verdict, in whole units of its currency: 0 equity i64 | 8 initial i64 | 16 maintenance i64. */
const AMOUNTS: usize = memory.data(6144, 8);
const AMOUNT_ROW: usize = 24;
const AMOUNT_INITIAL: usize = 8;
const AMOUNT_MAINTENANCE: usize = 16;

/**
 * Puts the verdict into amounts: equity cut down to whole units of its currency, requirements rounded up.
 * @returns 0, or OVERFLOW where an amount does not hold a figure
 */
function codeOfVerdicts(): u8 {
  for (let row: u32 = 0; row < verdictCount(); row++) {
    const verdict = verdicts + <usize>row * VERDICT_SIZE;
    const scale = scaleOfRow(row);
    const amounts = AMOUNTS + <usize>row * AMOUNT_ROW;
    if (!putWholeUnits(amounts, verdict + VERDICT_EQUITY, scale, TOWARD_MINUS)) return OVERFLOW;
    if (!putWholeUnits(amounts + AMOUNT_INITIAL, verdict + VERDICT_INITIAL, scale, TOWARD_PLUS)) return OVERFLOW;
    if (!putWholeUnits(amounts + AMOUNT_MAINTENANCE, verdict + VERDICT_MAINTENANCE, scale, TOWARD_PLUS)) return OVERFLOW;
  }
  return 0;
}

/** Whether resting orders stand in the book, for a regime that judges them itself (MAR-035). */
let ordersInBook: bool = false;
let valuationOfBook: u32 = NONE;

export function countOrders(on: bool): void {
  ordersInBook = on;
}

/** @returns whether there is room for all rows */
export function fillBook(account: u32, spare: usize, spareOf: usize, valuation: u32, program: u32): bool {
  valuationOfBook = valuation;
  fields = fieldsRead(program);
  positionRows = 0;
  currencyRows = 0;
  let pool = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (pool != NONE) {
    addCurrency(poolAt(pool), valuation);
    pool = load<u32>(poolAt(pool), POOL_NEXT);
  }
  const isSpare = spare == positionAt(sparePosition);
  const spareNumber: u32 = isSpare ? load<u32>(spare, POSITION_INSTRUMENT) : NONE;
  if (isSpare && spareOf == poolAt(sparePool)) {
    store<u32>(spareOf, load<u32>(instrumentAt(spareNumber), INSTRUMENT_CURRENCY), POOL_CURRENCY);
    addCurrency(spareOf, valuation);
  }
  if (ordersInBook) return fillWithOrders(account) && closeBook(bookedOrders, program);
  let waiting = isSpare;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (waiting && load<u32>(position, POSITION_INSTRUMENT) > spareNumber) {
      if (!addPosition(spare)) return false;
      waiting = false;
    }
    if (isCross(position) && load<i64>(position, POSITION_QUANTITY) != 0 && !addPosition(position)) return false;
    slot = load<u32>(position, POSITION_NEXT);
  }
  if (waiting && !addPosition(spare)) return false;
  return closeBook(0, program);
}

function closeBook(orders: u32, program: u32): bool {
  store<i64>(book, load<i64>(header, HEADER_EVENT_TIME), BOOK_TIME);
  store<u32>(book, positionRows, BOOK_POSITIONS);
  store<u32>(book, orders, BOOK_ORDERS);
  store<u32>(book, currencyRows, BOOK_CURRENCIES);
  store<u32>(book, 0, BOOK_ARENA_TAKEN);
  fillDefaults(program);
  return true;
}

/** Whether a program judges each settlement currency by itself, not the account as a whole. */
export function judgesCurrencies(slot: u32): bool {
  return load<u32>(programAt(slot), PROGRAM_LEVEL) == LEVEL_CURRENCY;
}

/** Inputs of a live account are the document's defaults: no event tells others yet. */
function fillDefaults(slot: u32): void {
  const program = programAt(slot);
  const count = load<u32>(program, PROGRAM_INPUTS);
  for (let input: u32 = 0; input < count; input++) {
    const record = program + load<u32>(program, PROGRAM_INPUTS + 4) + <usize>input * INPUT_RECORD_SIZE;
    const level = load<u32>(record);
    const rows: u32 = level == LEVEL_CURRENCY ? currencyRows : level == LEVEL_ACCOUNT ? 1 : positionRows;
    const column = inputColumn(input);
    for (let row: u32 = 0; row < rows; row++) {
      v128.store(column + <usize>row * CELL, v128.load(record, INPUT_RECORD_DEFAULT));
    }
  }
}

/** Of a position without a pool: a row for its currency, with nothing in it. */
export function addEmptyCurrency(number: u32): void {
  for (let row: u32 = 0; row < currencyRows; row++) {
    if (load<u32>(currencyNumbers + (<usize>row << 2)) == number) return;
  }
  const pool = poolAt(sparePool);
  store<u32>(pool, number, POOL_CURRENCY);
  store<i64>(pool, 0, POOL_BALANCE);
  addCurrency(pool, valuationOfBook);
}

function addCurrency(pool: usize, valuation: u32): void {
  const number = load<u32>(pool, POOL_CURRENCY);
  const currency = currencyAt(number);
  const key = load<u32>(currency, CURRENCY_KEY);
  const offset = <usize>currencyRows * CELL;
  store<u32>(currencyKeys + <usize>currencyRows * CURRENCY_KEYS_SIZE, key);
  store<u32>(currencyNumbers + (<usize>currencyRows << 2), number);
  putUnits(fieldColumn(FIELD_BALANCE) + offset, load<i64>(pool, POOL_BALANCE), load<u32>(currency, CURRENCY_SCALE));
  const price = fieldColumn(FIELD_PRICE) + offset;
  if (key == valuation && load<i64>(indexAt(key), INDEX_PRICE) == 0) putWhole(price, 1);
  else putIndex(price, key);
  currencyRows++;
}

/** Undefined where no index price was told. */
function putIndex(cell: usize, key: u32): void {
  const price: i64 = key == NONE ? 0 : load<i64>(indexAt(key), INDEX_PRICE);
  if (price == 0) undefine(cell);
  else putUnits(cell, price, 8);
}

/** Facts of the market that are only tried must not be read from, nor left in, what the market store keeps by version. */
const TRIALS: u64 = 1 << 32;
let trials: u64 = 0;
let onTrial: bool = false;

export function beginMarketTrial(): void {
  trials++;
  onTrial = true;
}

export function endMarketTrial(): void {
  onTrial = false;
}

/** @returns whether there is room for its row */
export function addPosition(position: usize): bool {
  if (positionRows >= positionMax) return false;
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  const currency = currencyAt(load<u32>(instrument, INSTRUMENT_CURRENCY));
  const named = load<u32>(instrument, INSTRUMENT_UNDERLYING);
  const inverse = load<u8>(instrument, INSTRUMENT_KIND) == KIND_INVERSE || load<u8>(instrument, INSTRUMENT_COIN_SETTLED) != 0;
  const expiry = load<i64>(instrument, INSTRUMENT_EXPIRY);
  const keys = positionKeys + <usize>positionRows * POSITION_KEYS_SIZE;
  store<u32>(keys, named == NONE ? load<u32>(instrument, INSTRUMENT_KEY) : named, POSITION_UNDERLYING);
  store<u32>(keys, load<u32>(currency, CURRENCY_KEY), POSITION_SETTLEMENT);
  store<i64>(keys, expiry == 0 ? EXPIRY_NONE : expiry, POSITION_EXPIRY);
  store<u32>(keys, load<u32>(instrument, INSTRUMENT_KEY), POSITION_NUMBER);
  store<u8>(keys, load<u8>(instrument, INSTRUMENT_PRODUCT), POSITION_PRODUCT);
  store<u8>(keys, inverse ? 1 : 0, POSITION_INVERSE);
  store<u8>(keys, load<u8>(instrument, INSTRUMENT_NON_POSITIVE), POSITION_BACHELIER);
  store<u64>(keys, onTrial ? TRIALS + trials : <u64>load<u32>(instrument, INSTRUMENT_VERSION), POSITION_VERSION);

  const offset = <usize>positionRows * CELL;
  const multiplier = fieldColumn(FIELD_MULTIPLIER) + offset;
  putUnits(multiplier, load<i64>(instrument, INSTRUMENT_MULTIPLIER_NUMERATOR), 0);
  if (load<i64>(instrument, INSTRUMENT_MULTIPLIER_DENOMINATOR) != 1) {
    putUnits(PREMIUM, load<i64>(instrument, INSTRUMENT_MULTIPLIER_DENOMINATOR), 0);
    divide(multiplier, multiplier, PREMIUM);
  }
  putPrices(instrument, offset);
  putUnits(fieldColumn(FIELD_STRIKE) + offset, load<i64>(instrument, INSTRUMENT_STRIKE), 8);
  if (!isOption(instrument)) undefine(fieldColumn(FIELD_STRIKE) + offset);
  putUnits(fieldColumn(FIELD_INTEREST) + offset, load<i64>(instrument, INSTRUMENT_INTEREST), 9);
  putWhole(fieldColumn(FIELD_ISOLATED) + offset, 0);
  putWhole(fieldColumn(FIELD_POSTED) + offset, 0);
  putIndex(fieldColumn(FIELD_INDEX) + offset, named);
  if (isOption(instrument)) payPremium(load<u32>(instrument, INSTRUMENT_CURRENCY), load<i64>(position, POSITION_ENTRY_COST));
  putHolding(position, instrument, load<u32>(currency, CURRENCY_SCALE), offset);
  positionRows++;
  return true;
}

/** What is held, of an instrument that the row has already. */
function putHolding(position: usize, instrument: usize, currencyScale: u32, offset: usize): void {
  const quantity = fieldColumn(FIELD_QUANTITY) + offset;
  putUnits(quantity, load<i64>(position, POSITION_QUANTITY), load<u8>(instrument, INSTRUMENT_QUANTITY_SCALE));
  if (reads(fields, FIELD_LEVERAGE)) putUnits(fieldColumn(FIELD_LEVERAGE) + offset, load<u32>(position, POSITION_LEVERAGE), 2);
  putUnits(fieldColumn(FIELD_PROFIT) + offset, profitOf(position), currencyScale);
  if (!reads(fields, FIELD_ENTRY)) return;
  const inverse = load<u8>(instrument, INSTRUMENT_KIND) == KIND_INVERSE;
  putEntry(fieldColumn(FIELD_ENTRY) + offset, position, quantity, fieldColumn(FIELD_MULTIPLIER) + offset, currencyScale, inverse);
}

/** Puts another holding into a row of a book that stays on the desk. @param first whether what stands there is to be noted down */
export function changeHolding(row: u32, position: usize, program: u32, first: bool): void {
  fields = fieldsRead(program);
  const offset = <usize>row * CELL;
  if (first) {
    const written = (fields & HOLDING_FIELDS) | (<u64>1 << <u64>FIELD_QUANTITY) | (<u64>1 << <u64>FIELD_PROFIT);
    for (let left = written; left != 0; left &= left - 1) noteDown(fieldColumn(<u32>ctz(left)) + offset, CELL);
  }
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  putHolding(position, instrument, load<u32>(currencyAt(load<u32>(instrument, INSTRUMENT_CURRENCY)), CURRENCY_SCALE), offset);
  deriveHolding(row, fields);
}

/** Puts another balance, premiums taken out, into a row of a book that stays on the desk. */
export function changeBalance(row: u32, net: i64, first: bool): void {
  const cell = fieldColumn(FIELD_BALANCE) + <usize>row * CELL;
  if (first) noteDown(cell, CELL);
  putUnits(cell, net, load<u32>(currencyAt(load<u32>(currencyNumbers + (<usize>row << 2))), CURRENCY_SCALE));
}

/** A book that stays on the desk is looked at again. */
export function resumeBook(positions: u32, currencies: u32): void {
  positionRows = positions;
  currencyRows = currencies;
}

/** MAR-027: what open options cost is spent, what they brought is there, though it stands in their entry cost till they close. */
function payPremium(number: u32, cost: i64): void {
  for (let row: u32 = 0; row < currencyRows; row++) {
    if (load<u32>(currencyNumbers + (<usize>row << 2)) != number) continue;
    const balance = fieldColumn(FIELD_BALANCE) + <usize>row * CELL;
    putUnits(PREMIUM, cost, load<u32>(currencyAt(number), CURRENCY_SCALE));
    subtract(balance, balance, PREMIUM);
  }
}

/** Of a portfolio's pool: what is there after the premiums of open options were paid. */
export function spendable(account: u32, pool: usize): i64 {
  const currency = load<u32>(pool, POOL_CURRENCY);
  let amount = load<i64>(pool, POOL_BALANCE);
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
    if (isOption(instrument) && load<u32>(instrument, INSTRUMENT_CURRENCY) == currency) {
      amount -= load<i64>(position, POSITION_ENTRY_COST);
    }
    slot = load<u32>(position, POSITION_NEXT);
  }
  return amount;
}

/** A future's forward is its own mark, an option's is told with the mark. */
function putPrices(instrument: usize, offset: usize): void {
  const mark = fieldColumn(FIELD_MARK) + offset;
  const forward = fieldColumn(FIELD_FORWARD) + offset;
  const volatility = fieldColumn(FIELD_VOLATILITY) + offset;
  if (load<u8>(instrument, INSTRUMENT_MARKED)) {
    putUnits(mark, load<i64>(instrument, INSTRUMENT_MARK), load<u8>(instrument, INSTRUMENT_PRICE_SCALE));
  } else undefine(mark);
  if (load<u8>(instrument, INSTRUMENT_FORWARD_KNOWN)) putUnits(forward, load<i64>(instrument, INSTRUMENT_FORWARD), 8);
  else if (!isOption(instrument) && load<u8>(instrument, INSTRUMENT_MARKED)) v128.store(forward, v128.load(mark));
  else undefine(forward);
  if (load<u8>(instrument, INSTRUMENT_VOLATILITY_KNOWN)) putUnits(volatility, load<i64>(instrument, INSTRUMENT_VOLATILITY), 9);
  else undefine(volatility);
}

/** MAR-002: C / (Q k) for linear, -Q k / C for inverse contracts; undefined where C is zero. */
function putEntry(entry: usize, position: usize, quantity: usize, multiplier: usize, currencyScale: u32, inverse: bool): void {
  putUnits(entry, load<i64>(position, POSITION_ENTRY_COST), currencyScale);
  if (inverse) {
    divide(entry, quantity, entry);
    negate(entry, entry);
    multiplyCells(entry, entry, multiplier);
  } else {
    divide(entry, entry, quantity);
    divide(entry, entry, multiplier);
  }
}

export function verdictCount(): u32 {
  return byCurrency ? currencyRows : 1;
}

@inline
export function verdictCurrency(row: u32): u32 {
  return byCurrency ? load<u32>(currencyNumbers + (<usize>row << 2)) : judgedCurrency;
}

/** The row that judges a currency; the only one when the account is judged as a whole. */
export function verdictRowOf(currency: u32): u32 {
  if (!byCurrency) return 0;
  for (let row: u32 = 0; row < currencyRows; row++) {
    if (verdictCurrency(row) == currency) return row;
  }
  return 0;
}

@inline
function scaleOfRow(row: u32): u32 {
  return load<u32>(currencyAt(verdictCurrency(row)), CURRENCY_SCALE);
}

@inline
export function verdictEquity(row: u32): i64 {
  return load<i64>(AMOUNTS + <usize>row * AMOUNT_ROW);
}

@inline
export function verdictInitial(row: u32): i64 {
  return load<i64>(AMOUNTS + <usize>row * AMOUNT_ROW, AMOUNT_INITIAL);
}

@inline
export function verdictMaintenance(row: u32): i64 {
  return load<i64>(AMOUNTS + <usize>row * AMOUNT_ROW, AMOUNT_MAINTENANCE);
}

export function verdictState(row: u32): u8 {
  return <u8>load<u32>(verdicts + <usize>row * VERDICT_SIZE, VERDICT_STATE);
}

/** Node and row that had no value, after MARGIN_UNKNOWN. */
export function refusedNode(): u32 {
  return load<u32>(refusal, REFUSAL_NODE);
}

export function refusedRow(): u32 {
  return load<u32>(refusal, REFUSAL_ROW);
}
