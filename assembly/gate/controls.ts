// The controls before the trade (docs/controls.md): may this order be taken at all, before its margin is looked at? Limits of
// several scopes hold together; the first that is broken, in the order of the rules, is the answer.

import { BILLION, cashOf, notionalOf, powerOfTen } from "../margin/contracts";
import {
  ACCOUNT_STATE as STATE_REFUSED, CONCENTRATION, CREDIT_LIMIT, INSTRUMENT_NOT_PERMITTED, KILL_SWITCH, MESSAGE_RATE,
  OPEN_NOTIONAL_LIMIT, OPEN_ORDER_LIMIT, OPEN_QUANTITY_LIMIT, ORDER_NOTIONAL, ORDER_QUANTITY, OVERFLOW, POSITION_LIMIT, PRICE_COLLAR, PRICE_MISSING, REDUCE_ONLY,
  REPEATED_EXECUTION, TRADING_HALTED,
} from "../memory/codes";
import { clearOverflow, guarded, larger, magnitude, mulDivCeil, mulDivFloor, overflowed } from "../memory/fixed";
import { findPosition } from "../accounts/holdings";
import {
  ACCOUNT_FIRST_POSITION, ACCOUNT_LIMITED, ACCOUNT_STATE, ACCOUNT_STOPPED_BY, ACCOUNT_SWITCHES, CONTROL_CONCENTRATION,
  CONTROL_CREDIT, CONTROL_MESSAGE_RATE, CONTROL_OPEN_NOTIONAL, CONTROL_OPEN_ORDERS, CONTROL_OPEN_QUANTITY,
  CONTROL_ORDER_NOTIONAL, CONTROL_ORDER_QUANTITY, CONTROL_POSITION, CONTROL_PRICE_COLLAR, ENTRY_OVERRIDE, ENTRY_SWITCHES,
  HEADER_EVENT_TIME, HEADER_LIMITED, HEADER_OVERRIDES, HEADER_SWITCHES, INSTRUMENT_CONTROLS, INSTRUMENT_CONTROLS_SWITCHES, INSTRUMENT_CURRENCY,
  INSTRUMENT_MARK, INSTRUMENT_MARKED, INSTRUMENT_OPEN_QUANTITY, INSTRUMENT_QUANTITY_SCALE,
  LIMIT_INSTRUMENT, LIMIT_SECOND, LIMIT_VALUE, NONE, POSITION_INSTRUMENT, POSITION_MARK_VALUE,
  POSITION_NEXT, POSITION_QUANTITY, SIDE_BUY, STATE_HEALTHY, SWITCH_HALT, SWITCH_KILL, SWITCH_NOT_PERMITTED,
  SWITCH_REDUCE_ONLY,
} from "../memory/layout";
import { limitInForce } from "../accounts/limits";
import { openNotional, openNotionalIn, openOrders, openQuantity } from "./openOrders";
import { accountAt, header, instrumentAt, positionAt } from "../memory/tables";
import { takeToken, TOKEN, tokensAt } from "../memory/tokenBucket";

/** What was refused, and what it broke: of the last check that refused. */
export let refusedValue: i64 = 0;
export let refusedLimit: i64 = 0;

// Where a switch or a limit stands: told as the value of a switch's refusal.
const SCOPE_VENUE: i64 = 1;
const SCOPE_ACCOUNT: i64 = 2;
const SCOPE_INSTRUMENT: i64 = 3;
const SCOPE_ACCOUNT_INSTRUMENT: i64 = 4;

/** Of INSTRUMENT_CONTROLS: which controls have limits. */
const INSTRUMENT_LIMITED: u32 = (1 << INSTRUMENT_CONTROLS_SWITCHES) - 1;

// The order under check.
let account: u32 = 0;
let number: u32 = 0;
let instrument: usize = 0;
let side: u8 = 0;
let quantity: i64 = 0;
let priced: bool = false;
let price: i64 = 0;

function fail(code: u8, value: i64, limit: i64): u8 {
  refusedValue = value;
  refusedLimit = limit;
  return code;
}

/** CTL-003. When not, `refusedValue` and `refusedLimit` say the state. */
export function accountTakesRisk(ofAccount: u32): bool {
  const state = load<u8>(accountAt(ofAccount), ACCOUNT_STATE);
  if (state == STATE_HEALTHY) return true;
  fail(STATE_REFUSED, state, STATE_HEALTHY);
  return false;
}

/**
 * May the order be taken, its margin aside? Writes nothing. The account and the instrument are known, the quantity and the
 * price keep to the instrument's terms; `reduces`: it only makes a position smaller; `mayCalm`: only its margin can tell whether
 * it adds risk (a hedge, less of what rests), and then asks `accountTakesRisk` itself.
 * @returns 0, or the refusal; `refusedValue` and `refusedLimit` then say what broke which limit
 */
export function checkControls(
  ofAccount: u32, ofInstrument: u32, ofSide: u8, ofQuantity: i64, withPrice: bool, atPrice: i64, reduces: bool,
  mayCalm: bool,
): u8 {
  account = ofAccount;
  number = ofInstrument;
  instrument = instrumentAt(number);
  side = ofSide;
  quantity = ofQuantity;
  priced = withPrice;
  price = atPrice;
  const stopped = checkSwitches(reduces);
  if (stopped != 0) return stopped;
  const record = accountAt(account);
  const stoppedBy = load<u8>(record, ACCOUNT_STOPPED_BY);
  if (stoppedBy != 0) return fail(REPEATED_EXECUTION, stoppedBy, 0);
  if (!reduces && !mayCalm && !accountTakesRisk(account)) return STATE_REFUSED;
  // Most orders meet few limits: which controls have any, the records know.
  const limited = <u32>load<u16>(header, HEADER_LIMITED) | <u32>load<u16>(record, ACCOUNT_LIMITED) |
    (<u32>load<u16>(instrument, INSTRUMENT_CONTROLS) & INSTRUMENT_LIMITED);
  if (limited == 0) return 0;
  clearOverflow();
  const last = reduces ? CONTROL_MESSAGE_RATE : CONTROL_CONCENTRATION;
  for (let control = CONTROL_PRICE_COLLAR; control <= last; control++) {
    if ((limited & (1 << control)) == 0) continue;
    const code = checkControl(control);
    if (code != 0) return code;
  }
  return 0;
}

/** CTL-001, CTL-002, CTL-003, CTL-004. */
function checkSwitches(reduces: bool): u8 {
  const venue = load<u8>(header, HEADER_SWITCHES);
  const own = load<u8>(accountAt(account), ACCOUNT_SWITCHES);
  const traded = <u8>(<u32>load<u16>(instrument, INSTRUMENT_CONTROLS) >> INSTRUMENT_CONTROLS_SWITCHES);
  let both: u8 = 0;
  if ((load<u16>(accountAt(account), ACCOUNT_LIMITED) & (1 << ENTRY_SWITCHES)) != 0) {
    const row = limitInForce(ENTRY_SWITCHES, account, number, NONE);
    if (row != 0) both = <u8>load<i64>(row, LIMIT_VALUE);
  }
  if ((venue | own | traded | both) == 0) return 0;
  const killed = scopeOf(SWITCH_KILL, venue, own, traded, both);
  if (killed != 0) return fail(KILL_SWITCH, killed, 0);
  const halted = scopeOf(SWITCH_HALT, venue, reduces ? 0 : own, traded, reduces ? 0 : both);
  if (halted != 0) return fail(TRADING_HALTED, halted, 0);
  if (reduces) return 0;
  if ((both & SWITCH_NOT_PERMITTED) != 0) return fail(INSTRUMENT_NOT_PERMITTED, SCOPE_ACCOUNT_INSTRUMENT, 0);
  const reducing = scopeOf(SWITCH_REDUCE_ONLY, venue, own, traded, both);
  return reducing != 0 ? fail(REDUCE_ONLY, reducing, 0) : 0;
}

/** The widest scope whose switch is on; 0 for none. */
function scopeOf(which: u8, venue: u8, own: u8, traded: u8, both: u8): i64 {
  if ((venue & which) != 0) return SCOPE_VENUE;
  if ((own & which) != 0) return SCOPE_ACCOUNT;
  if ((traded & which) != 0) return SCOPE_INSTRUMENT;
  return (both & which) != 0 ? SCOPE_ACCOUNT_INSTRUMENT : 0;
}

/** The limits of one control, from the widest scope to the narrowest. */
function checkControl(control: u8): u8 {
  const currency: u32 = needsCurrency(control) ? load<u32>(instrument, INSTRUMENT_CURRENCY) : NONE;
  let code = checkLimit(control, limitInForce(control, NONE, NONE, currency));
  if (code == 0) code = checkLimit(control, limitInForce(control, account, NONE, currency));
  if (code == 0) code = checkLimit(control, limitInForce(control, NONE, number, NONE));
  if (code == 0) code = checkLimit(control, limitInForce(control, account, number, NONE));
  return code;
}

/** A sum of money over instruments is one in one currency. */
@inline
export function needsCurrency(control: u8): bool {
  return control == CONTROL_ORDER_NOTIONAL || control == CONTROL_CREDIT;
}

function checkLimit(control: u8, limit: usize): u8 {
  if (limit == 0) return 0;
  const code = breaks(control, limit);
  if (overflowed) return fail(OVERFLOW, 0, 0);
  return code != 0 && isOverridden(control, account, number) ? 0 : code;
}

/** CTL-016: an override of the control for the account, the instrument, or the one in the other. */
export function isOverridden(control: u8, ofAccount: u32, ofInstrument: u32): bool {
  if (load<u32>(header, HEADER_OVERRIDES) == 0) return false;
  const entry = control | ENTRY_OVERRIDE;
  return (
    limitInForce(entry, ofAccount, NONE, NONE) != 0 || limitInForce(entry, NONE, ofInstrument, NONE) != 0 ||
    limitInForce(entry, ofAccount, ofInstrument, NONE) != 0
  );
}

function breaks(control: u8, limit: usize): u8 {
  const value = load<i64>(limit, LIMIT_VALUE);
  switch (control) {
    case CONTROL_PRICE_COLLAR:
      return checkCollar(value);
    case CONTROL_ORDER_QUANTITY: {
      if (load<u32>(limit, LIMIT_INSTRUMENT) == NONE) return checkContracts(value);
      return quantity > value ? fail(ORDER_QUANTITY, quantity, value) : 0;
    }
    case CONTROL_ORDER_NOTIONAL: {
      const notional = orderNotional();
      return notional > value ? fail(ORDER_NOTIONAL, notional, value) : 0;
    }
    case CONTROL_MESSAGE_RATE: {
      const tokens = tokensAt(limit, load<i64>(header, HEADER_EVENT_TIME));
      return tokens < TOKEN ? fail(MESSAGE_RATE, value, load<i64>(limit, LIMIT_SECOND)) : 0;
    }
    case CONTROL_POSITION: {
      const after = positionAfter();
      return after > value ? fail(POSITION_LIMIT, after, value) : 0;
    }
    // CTL-011
    case CONTROL_OPEN_ORDERS: {
      const orders = <i64>openOrders(account, load<u32>(limit, LIMIT_INSTRUMENT)) + 1;
      return orders > value ? fail(OPEN_ORDER_LIMIT, orders, value) : 0;
    }
    case CONTROL_OPEN_QUANTITY: {
      const open = guarded(openQuantity(account, number, side) + quantity);
      return open > value ? fail(OPEN_QUANTITY_LIMIT, open, value) : 0;
    }
    case CONTROL_OPEN_NOTIONAL: {
      const open = guarded(openNotional(account, number) + orderNotional());
      return open > value ? fail(OPEN_NOTIONAL_LIMIT, open, value) : 0;
    }
    case CONTROL_CREDIT: {
      const exposure = exposureAfter();
      return exposure > value ? fail(CREDIT_LIMIT, exposure, value) : 0;
    }
    case CONTROL_CONCENTRATION:
      return checkConcentration(value, load<i64>(limit, LIMIT_SECOND));
    default:
      return 0;
  }
}

/** CTL-006. A market order names no price that could be wrong. */
function checkCollar(widthE9: i64): u8 {
  if (!priced) return 0;
  if (!load<u8>(instrument, INSTRUMENT_MARKED)) return fail(PRICE_MISSING, 0, 0);
  const mark = load<i64>(instrument, INSTRUMENT_MARK);
  const width = mulDivFloor(<i64>magnitude(mark), widthE9, BILLION);
  if (price > mark + width) return fail(PRICE_COLLAR, price, mark + width);
  return price < mark - width ? fail(PRICE_COLLAR, price, mark - width) : 0;
}

/** CTL-007: parts of a contract count as one. The answer is in quantity units, as the order is. */
function checkContracts(most: i64): u8 {
  const contract = powerOfTen(load<u8>(instrument, INSTRUMENT_QUANTITY_SCALE));
  return mulDivCeil(quantity, 1, contract) > most ? fail(ORDER_QUANTITY, quantity, most * contract) : 0;
}

/** CTL-008: at the limit or at the mark, whichever is worth more. */
function orderNotional(): i64 {
  const atMark: i64 = load<u8>(instrument, INSTRUMENT_MARKED)
    ? notionalOf(cashOf(instrument, quantity, load<i64>(instrument, INSTRUMENT_MARK)))
    : 0;
  return priced ? larger(atMark, notionalOf(cashOf(instrument, quantity, price))) : atMark;
}

function heldQuantity(): i64 {
  const slot = findPosition(account, number);
  return slot == NONE ? 0 : load<i64>(positionAt(slot), POSITION_QUANTITY);
}

/** CTL-010: how large the position may become when this order and all that rest on its side are filled. */
function positionAfter(): i64 {
  const trading = guarded(openQuantity(account, number, side) + quantity);
  return <i64>magnitude(guarded(heldQuantity() + (side == SIDE_BUY ? trading : 0 - trading)));
}

/** CTL-012: all that the account holds in the currency, and all that may come, long and short alike. */
function exposureAfter(): i64 {
  const currency = load<u32>(instrument, INSTRUMENT_CURRENCY);
  let sum = guarded(orderNotional() + openNotionalIn(account, currency));
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (load<u32>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_CURRENCY) == currency) {
      sum = guarded(sum + notionalOf(load<i64>(position, POSITION_MARK_VALUE)));
    }
    slot = load<u32>(position, POSITION_NEXT);
  }
  return sum;
}

/** CTL-013: the other side of the trade may open as much, so what opens counts as open on both sides of the fraction. */
function checkConcentration(shareE9: i64, free: i64): u8 {
  const held = <i64>magnitude(heldQuantity());
  const after = positionAfter();
  if (after <= free) return 0;
  const open = load<i64>(instrument, INSTRUMENT_OPEN_QUANTITY) + larger(0, after - held);
  const most = larger(free, mulDivFloor(open, shareE9, BILLION));
  return after > most ? fail(CONCENTRATION, after, most) : 0;
}

/**
 * CTL-009: counts a request of the account that goes into the journal against its message rate, and the venue's. What is only
 * asked (`checkOrder`) leaves no trace and is not counted.
 */
export function countMessage(ofAccount: u32): void {
  const now = load<i64>(header, HEADER_EVENT_TIME);
  const own = limitInForce(CONTROL_MESSAGE_RATE, ofAccount, NONE, NONE);
  if (own != 0) takeToken(own, now);
  const venue = limitInForce(CONTROL_MESSAGE_RATE, NONE, NONE, NONE);
  if (venue != 0) takeToken(venue, now);
}
