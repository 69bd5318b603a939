// Resting orders as rows of a book, for a regime that has a rule of its own for them (MAR-035): by instrument, buys before
// sells, best price first. An instrument with orders and no position gets a row of quantity 0.

import { comesBefore } from "../accounts/holds";
import { isCross, positionOrSpare } from "../accounts/holdings";
import {
  ACCOUNT_FIRST_HOLD, ACCOUNT_FIRST_POSITION, HOLD_FLAGS, HOLD_INSTRUMENT, HOLD_NEXT, HOLD_PRICE, HOLD_QUANTITY,
  HOLD_SIDE, INSTRUMENT_CURRENCY, INSTRUMENT_PRICE_SCALE, INSTRUMENT_QUANTITY_SCALE, NONE, ORDER_PRICED,
  ORDER_REDUCE_ONLY, POSITION_INSTRUMENT, POSITION_NEXT, POSITION_QUANTITY, SIDE_BUY,
} from "../memory/layout";
import { addEmptyCurrency, addPosition } from "./bookRows";
import { extraFlags, extraInstrument, extraPrice, extraQuantity, extraSide, leftOut } from "./triedOrder";
import { CELL, putWhole, undefine } from "../regime/decimal";
import {
  FIELD_ORDER_PRICE, FIELD_ORDER_QUANTITY, FIELD_REDUCE_ONLY, ORDER_BUY, ORDER_KEYS_SIZE, ORDER_POSITION,
} from "../regime/format";
import { fieldColumn, orderKeys, orderMax } from "../regime/regions";
import { putUnits } from "./scaledCells";
import { accountAt, holdAt, instrumentAt, positionAt } from "../memory/tables";

/** Rows of the book under way. */
export let bookedOrders: u32 = 0;

/** @returns whether there is room for all rows */
export function fillWithOrders(account: u32): bool {
  bookedOrders = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  let hold = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  let extra = extraInstrument;
  let row: u32 = 0;
  for (;;) {
    while (slot != NONE && load<i64>(positionAt(slot), POSITION_QUANTITY) == 0) slot = load<u32>(positionAt(slot), POSITION_NEXT);
    const held: u32 = slot == NONE ? NONE : load<u32>(positionAt(slot), POSITION_INSTRUMENT);
    const ordered: u32 = hold == NONE ? NONE : load<u32>(holdAt(hold), HOLD_INSTRUMENT);
    const number = min(min(held, ordered), extra);
    if (number == NONE) break;
    const position = positionOrSpare(account, number);
    if (isCross(position)) {
      addEmptyCurrency(load<u32>(instrumentAt(number), INSTRUMENT_CURRENCY));
      if (!addPosition(position) || !addOrders(hold, number, row++)) return false;
    }
    if (held == number) slot = load<u32>(positionAt(slot), POSITION_NEXT);
    while (hold != NONE && load<u32>(holdAt(hold), HOLD_INSTRUMENT) == number) hold = load<u32>(holdAt(hold), HOLD_NEXT);
    if (extra == number) extra = NONE;
  }
  return true;
}

function addOrders(first: u32, number: u32, position: u32): bool {
  const instrument = instrumentAt(number);
  let waiting = extraInstrument == number;
  let slot = first;
  while (slot != NONE && load<u32>(holdAt(slot), HOLD_INSTRUMENT) == number) {
    const hold = holdAt(slot);
    const side = load<u8>(hold, HOLD_SIDE);
    if (waiting && (extraSide < side || (extraSide == side && comesBefore(side, (extraFlags & ORDER_PRICED) != 0, extraPrice, hold)))) {
      if (!addOrder(instrument, position, extraSide, extraFlags, extraQuantity, extraPrice)) return false;
      waiting = false;
    }
    const flags = load<u8>(hold, HOLD_FLAGS);
    if (
      slot != leftOut &&
      !addOrder(instrument, position, side, flags, load<i64>(hold, HOLD_QUANTITY), load<i64>(hold, HOLD_PRICE))
    ) return false;
    slot = load<u32>(hold, HOLD_NEXT);
  }
  return !waiting || addOrder(instrument, position, extraSide, extraFlags, extraQuantity, extraPrice);
}

function addOrder(instrument: usize, position: u32, side: u8, flags: u8, quantity: i64, price: i64): bool {
  if (bookedOrders >= orderMax) return false;
  const keys = orderKeys + <usize>bookedOrders * ORDER_KEYS_SIZE;
  store<u32>(keys, position, ORDER_POSITION);
  store<u8>(keys, side == SIDE_BUY ? 1 : 0, ORDER_BUY);
  const offset = <usize>bookedOrders * CELL;
  putUnits(fieldColumn(FIELD_ORDER_QUANTITY) + offset, quantity, load<u8>(instrument, INSTRUMENT_QUANTITY_SCALE));
  const limit = fieldColumn(FIELD_ORDER_PRICE) + offset;
  if ((flags & ORDER_PRICED) != 0) putUnits(limit, price, load<u8>(instrument, INSTRUMENT_PRICE_SCALE));
  else undefine(limit);
  putWhole(fieldColumn(FIELD_REDUCE_ONLY) + offset, (flags & ORDER_REDUCE_ONLY) != 0 ? 1 : 0);
  bookedOrders++;
  return true;
}
