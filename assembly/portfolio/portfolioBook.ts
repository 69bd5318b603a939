// A live account as the book of its regime (MAR-030): its records become rows, its regime's inputs columns.

import { bookedOrders, fillWithOrders } from "./bookOrders";
import { addCurrency, addPosition, currencyRows, openBook, positionRows } from "./bookRows";
import { isCross } from "../accounts/holdings";
import {
  ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, HEADER_EVENT_TIME, INSTRUMENT_CURRENCY, NONE, POOL_CURRENCY, POOL_NEXT,
  POSITION_INSTRUMENT, POSITION_NEXT, POSITION_QUANTITY,
} from "../memory/layout";
import { CELL } from "../regime/decimal";
import {
  BOOK_ARENA_TAKEN, BOOK_CURRENCIES, BOOK_ORDERS, BOOK_POSITIONS, BOOK_TIME, INPUT_RECORD_DEFAULT, INPUT_RECORD_SIZE,
  LEVEL_ACCOUNT, LEVEL_CURRENCY, PROGRAM_INPUTS,
} from "../regime/format";
import { programAt } from "../regime/programs";
import { book, inputColumn } from "../regime/regions";
import { accountAt, header, instrumentAt, poolAt, positionAt, sparePool, sparePosition } from "../memory/tables";

/** Whether resting orders stand in the book, for a regime that judges them itself (MAR-035). */
export let ordersInBook: bool = false;

export function countOrders(on: bool): void {
  ordersInBook = on;
}

/** @returns whether there is room for all rows */
export function fillBook(account: u32, spare: usize, spareOf: usize, valuation: u32, program: u32): bool {
  openBook(valuation, program);
  let pool = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (pool != NONE) {
    addCurrency(poolAt(pool));
    pool = load<u32>(poolAt(pool), POOL_NEXT);
  }
  const isSpare = spare == positionAt(sparePosition);
  const spareNumber: u32 = isSpare ? load<u32>(spare, POSITION_INSTRUMENT) : NONE;
  if (isSpare && spareOf == poolAt(sparePool)) {
    store<u32>(spareOf, load<u32>(instrumentAt(spareNumber), INSTRUMENT_CURRENCY), POOL_CURRENCY);
    addCurrency(spareOf);
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
