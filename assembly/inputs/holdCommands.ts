// What a venue asks for an order (MAR-037): place, amend, release; and how holds end by themselves: filled, expired, settled.

import { CAPACITY, HOLD_EXISTS, HOLD_UNKNOWN, TIME_RANGE } from "../memory/codes";
import { countMessage } from "../gate/controls";
import { smaller } from "../memory/fixed";
import { positionFits } from "../accounts/holdings";
import { addHold, changeHold, findHold, holdFits, removeHold } from "../accounts/holds";
import {
  CHECK_BINDING, CHECK_CODE, CHECK_EQUITY_AFTER, CHECK_EQUITY_BEFORE, CHECK_FEE, CHECK_FREE_AFTER, CHECK_FREE_BEFORE,
  CHECK_IM_AFTER, CHECK_IM_BEFORE, CHECK_LIMIT, CHECK_MM_AFTER, CHECK_MM_BEFORE, CHECK_PRICE, CHECK_REDUCES, CHECK_VALUE,
  HEADER_EVENT_TIME, HEADER_FIRST_EXPIRY, HEADER_HOLD_ROWS, HOLD_ACCOUNT, HOLD_AMENDED, HOLD_EXPIRED, HOLD_EXPIRY,
  HOLD_FILLED, HOLD_FLAGS, HOLD_INSTRUMENT, HOLD_INSTRUMENT_SETTLED, HOLD_KEY, HOLD_PLACED, HOLD_QUANTITY, HOLD_SIDE,
  HOLD_TIME_OVER, HOLD_USED, INPUT_BLOB, INPUT_BLOB_COUNT, INPUT_CHOICE, INPUT_FIRST, INPUT_INSTRUMENT, INPUT_LIQUIDITY, INPUT_ORDER, INPUT_SECOND,
  INPUT_THIRD, INSTRUMENT_SETTLED as SETTLED, NONE, ORDER_PRICED, ORDER_REDUCE_ONLY,
} from "../memory/layout";
import { decide, said } from "../gate/orders";
import { answerInstrument, answerValue, emit, refuse, setValue } from "../memory/outputs";
import { blob, header, holdAt, instrumentAt } from "../memory/tables";

/**
 * Values of the input's own slot: 0 value, 1 limit, 2 to 12 the figures of the check, 13 quantity that was or is held; of a
 * refused one the price that it is about.
 */
const QUANTITY_VALUE: u32 = 13;
/** In the blob of a request that came while the engine was behind its feed: how far, and its bound, us. */
const LAG_NUMBERS: u32 = 2;

export function applyHold(input: usize, kind: u8, account: u32): bool {
  const key = load<u64>(input, INPUT_ORDER);
  const done = kind == HOLD_PLACED ? place(input, account, key) : change(input, kind, account, key);
  // After the check, which wants a token left (CTL-009).
  countMessage(account);
  return done;
}

function change(input: usize, kind: u8, account: u32, key: u64): bool {
  const slot = findHold(account, key);
  if (slot == NONE) return refuse(HOLD_UNKNOWN, 0, 0);
  const hold = holdAt(slot);
  answerInstrument(load<u32>(hold, HOLD_INSTRUMENT));
  if (kind == HOLD_AMENDED) return amend(input, account, slot);
  answerValue(QUANTITY_VALUE, load<i64>(hold, HOLD_QUANTITY));
  removeHold(slot);
  return true;
}

function place(input: usize, account: u32, key: u64): bool {
  const instrument = load<u32>(input, INPUT_INSTRUMENT);
  const side = load<u8>(input, INPUT_CHOICE);
  const flags = load<u8>(input, INPUT_LIQUIDITY);
  const quantity = load<i64>(input, INPUT_FIRST);
  const price = load<i64>(input, INPUT_SECOND);
  const expiry = load<i64>(input, INPUT_THIRD);
  if (findHold(account, key) != NONE) return refuse(HOLD_EXISTS, 0, 0);
  if (!expiryAhead(expiry)) return refuse(TIME_RANGE, expiry, load<i64>(header, HEADER_EVENT_TIME));
  if (!load<u8>(instrumentAt(instrument), SETTLED) && (!holdFits() || !positionFits(account, instrument))) {
    return refuse(CAPACITY, 0, 0);
  }
  if (!passes(input, account, instrument, side, quantity, flags, price, NONE)) return false;
  addHold(account, instrument, key, side, flags, quantity, price, expiry);
  answerValue(QUANTITY_VALUE, quantity);
  return true;
}

/** New quantity left and new price; the expiry stays where none is told. */
function amend(input: usize, account: u32, slot: u32): bool {
  const hold = holdAt(slot);
  const quantity = load<i64>(input, INPUT_FIRST);
  const price = load<i64>(input, INPUT_SECOND);
  const told = load<i64>(input, INPUT_THIRD);
  const expiry = told == 0 ? load<i64>(hold, HOLD_EXPIRY) : told;
  if (!expiryAhead(expiry)) return refuse(TIME_RANGE, expiry, load<i64>(header, HEADER_EVENT_TIME));
  const flags = (load<u8>(hold, HOLD_FLAGS) & ORDER_REDUCE_ONLY) | (load<u8>(input, INPUT_LIQUIDITY) & ORDER_PRICED);
  const instrument = load<u32>(hold, HOLD_INSTRUMENT);
  if (!passes(input, account, instrument, load<u8>(hold, HOLD_SIDE), quantity, flags, price, slot)) return false;
  changeHold(slot, flags, quantity, price, expiry);
  answerValue(QUANTITY_VALUE, quantity);
  return true;
}

@inline
function expiryAhead(expiry: i64): bool {
  return expiry == 0 || expiry > load<i64>(header, HEADER_EVENT_TIME);
}

/** Asks the check, and puts its figures into the input's own slot: the journal keeps them with the answer. */
function passes(
  input: usize, account: u32, instrument: u32, side: u8, quantity: i64, flags: u8, price: i64, replaced: u32,
): bool {
  // How far behind its feed the engine found itself when it took the request, if it was too far.
  const lags = load<u32>(input, INPUT_BLOB_COUNT) == LAG_NUMBERS;
  const told = blob + <usize>load<u32>(input, INPUT_BLOB);
  const lag: i64 = lags ? load<i64>(told) : 0;
  const lagBound: i64 = lags ? load<i64>(told, 8) : 0;
  decide(account, instrument, side, quantity, flags, price, replaced, lag, lagBound);
  const code = <u8>said(CHECK_CODE);
  if (code != 0) refuse(code, said(CHECK_VALUE), said(CHECK_LIMIT));
  answerValue(2, said(CHECK_IM_BEFORE));
  answerValue(3, said(CHECK_IM_AFTER));
  answerValue(4, said(CHECK_MM_BEFORE));
  answerValue(5, said(CHECK_MM_AFTER));
  answerValue(6, said(CHECK_EQUITY_BEFORE));
  answerValue(7, said(CHECK_EQUITY_AFTER));
  answerValue(8, said(CHECK_FREE_BEFORE));
  answerValue(9, said(CHECK_FREE_AFTER));
  answerValue(10, said(CHECK_FEE));
  answerValue(11, said(CHECK_BINDING));
  answerValue(12, said(CHECK_REDUCES));
  if (code != 0) answerValue(QUANTITY_VALUE, said(CHECK_PRICE));
  return code == 0;
}

/** A fill that names an order turns its hold into position margin; one that is larger than the hold uses it up. */
export function useHold(account: u32, instrument: u32, side: u8, key: u64, quantity: i64): void {
  if (key == 0) return;
  const slot = findHold(account, key);
  if (slot == NONE) return;
  const hold = holdAt(slot);
  if (load<u32>(hold, HOLD_INSTRUMENT) != instrument || load<u8>(hold, HOLD_SIDE) != side) return;
  const used = smaller(quantity, load<i64>(hold, HOLD_QUANTITY));
  const left = load<i64>(hold, HOLD_QUANTITY) - used;
  const output = emit(HOLD_USED, account, instrument, NONE);
  setValue(output, 0, key);
  setValue(output, 1, used);
  setValue(output, 2, left);
  if (left == 0) return removeHold(slot);
  store<i64>(hold, left, HOLD_QUANTITY);
  store<i64>(hold, load<i64>(hold, HOLD_FILLED) + used, HOLD_FILLED);
}

/** Ends what expires by `nowUs`, in the order of time, then as placed. */
export function expireDue(nowUs: i64): void {
  let slot = load<u32>(header, HEADER_FIRST_EXPIRY);
  while (slot != NONE && load<i64>(holdAt(slot), HOLD_EXPIRY) <= nowUs) {
    endHold(slot, HOLD_TIME_OVER);
    slot = load<u32>(header, HEADER_FIRST_EXPIRY);
  }
}

/** A settled instrument trades no more. */
export function endHoldsIn(instrument: u32): void {
  const rows = load<u32>(header, HEADER_HOLD_ROWS);
  for (let slot: u32 = 0; slot < rows; slot++) {
    const hold = holdAt(slot);
    if (load<u32>(hold, HOLD_ACCOUNT) == NONE || load<u32>(hold, HOLD_INSTRUMENT) != instrument) continue;
    endHold(slot, HOLD_INSTRUMENT_SETTLED);
  }
}

function endHold(slot: u32, reason: u8): void {
  const hold = holdAt(slot);
  const output = emit(HOLD_EXPIRED, load<u32>(hold, HOLD_ACCOUNT), load<u32>(hold, HOLD_INSTRUMENT), NONE);
  setValue(output, 0, load<u64>(hold, HOLD_KEY));
  setValue(output, 1, load<i64>(hold, HOLD_QUANTITY));
  setValue(output, 2, reason);
  removeHold(slot);
}
