// Rows of a live account's book (MAR-030): a pool becomes a row of its currency, a position a row of the machine's facts.

import { isOption } from "../margin/contracts";
import {
  CURRENCY_KEY, CURRENCY_SCALE, INDEX_PRICE, INSTRUMENT_COIN_SETTLED, INSTRUMENT_CURRENCY, INSTRUMENT_EXPIRY,
  INSTRUMENT_FORWARD, INSTRUMENT_FORWARD_KNOWN, INSTRUMENT_INTEREST, INSTRUMENT_KEY, INSTRUMENT_KIND, INSTRUMENT_MARK,
  INSTRUMENT_MARKED, INSTRUMENT_MULTIPLIER_DENOMINATOR, INSTRUMENT_MULTIPLIER_NUMERATOR, INSTRUMENT_NON_POSITIVE,
  INSTRUMENT_PRICE_SCALE, INSTRUMENT_PRODUCT, INSTRUMENT_QUANTITY_SCALE, INSTRUMENT_STRIKE, INSTRUMENT_UNDERLYING,
  INSTRUMENT_VERSION, INSTRUMENT_VOLATILITY, INSTRUMENT_VOLATILITY_KNOWN, KIND_INVERSE, NONE, POOL_BALANCE, POOL_CURRENCY,
  POSITION_ENTRY_COST, POSITION_INSTRUMENT, POSITION_LEVERAGE, POSITION_QUANTITY,
} from "../memory/layout";
import { profitOf } from "../margin/margin";
import { deriveHolding, EXPIRY_NONE } from "../regime/book";
import { HOLDING_FIELDS, noteDown } from "../regime/changes";
import { CELL, divide, multiply as multiplyCells, negate, putWhole, subtract, undefine } from "../regime/decimal";
import {
  CURRENCY_KEYS_SIZE, FIELD_BALANCE, FIELD_ENTRY, FIELD_FORWARD, FIELD_INDEX, FIELD_INTEREST, FIELD_ISOLATED, FIELD_LEVERAGE,
  FIELD_MARK, FIELD_MULTIPLIER, FIELD_POSTED, FIELD_PRICE, FIELD_PROFIT, FIELD_QUANTITY, FIELD_STRIKE, FIELD_VOLATILITY,
  POSITION_BACHELIER, POSITION_EXPIRY, POSITION_INVERSE, POSITION_KEYS_SIZE, POSITION_NUMBER, POSITION_PRODUCT,
  POSITION_SETTLEMENT, POSITION_UNDERLYING, POSITION_VERSION,
} from "../regime/format";
import { fieldsRead, reads } from "../regime/programFacts";
import { currencyKeys, currencyNumbers, fieldColumn, positionKeys, positionMax } from "../regime/regions";
import { putUnits } from "./scaledCells";
import { currencyAt, indexAt, instrumentAt, poolAt, sparePool } from "../memory/tables";

/** Rows of the book under way. */
export let positionRows: u32 = 0;
export let currencyRows: u32 = 0;
const PREMIUM: usize = memory.data(16);
/** Fields that the program reads, a bit each: of the others, those that cost something are left out. */
let fields: u64 = 0;
/** Number of the name of the currency that the book is valued in. */
let valuation: u32 = NONE;

/** Begins a book: no rows. */
export function openBook(valuedIn: u32, program: u32): void {
  valuation = valuedIn;
  fields = fieldsRead(program);
  positionRows = 0;
  currencyRows = 0;
}

/** Of a position without a pool: a row for its currency, with nothing in it. */
export function addEmptyCurrency(number: u32): void {
  for (let row: u32 = 0; row < currencyRows; row++) {
    if (load<u32>(currencyNumbers + (<usize>row << 2)) == number) return;
  }
  const pool = poolAt(sparePool);
  store<u32>(pool, number, POOL_CURRENCY);
  store<i64>(pool, 0, POOL_BALANCE);
  addCurrency(pool);
}

/** A row of a pool's currency. */
export function addCurrency(pool: usize): void {
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
/** Whether facts of the market are only tried. */
export let onTrial: bool = false;

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
