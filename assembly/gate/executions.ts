// CTL-014: executions that come too often. A venue whose matching runs away fills the same order again and again, or an account
// faster than anybody trades; the account is then stopped until two people say otherwise.

import { isOverridden } from "./controls";
import {
  ACCOUNT_LIMITED, ACCOUNT_STOPPED_BY, CONTROL_EXECUTION_RATE, CONTROL_ORDER_EXECUTIONS, CONTROL_TRIPPED,
  HEADER_EVENT_TIME, LIMIT_COUNT, LIMIT_MARKER, LIMIT_SECOND, LIMIT_VALUE, NONE,
} from "../memory/layout";
import { limitInForce } from "../accounts/limits";
import { emit, setValue } from "../memory/outputs";
import { accountAt, header } from "../memory/tables";
import { takeToken } from "../memory/tokenBucket";

/** Counts an execution. `order`: hash of the order's id, meaningless when the fill names none. */
export function countExecution(account: u32, instrument: u32, orderNamed: bool, order: u64): void {
  const limited = <u32>load<u16>(accountAt(account), ACCOUNT_LIMITED);
  if ((limited & (1 << CONTROL_EXECUTION_RATE)) != 0) {
    const rate = limitInForce(CONTROL_EXECUTION_RATE, account, NONE, NONE);
    if (rate != 0 && !takeToken(rate, load<i64>(header, HEADER_EVENT_TIME))) {
      // How many there were is not known; one more than may come at once.
      stop(account, instrument, CONTROL_EXECUTION_RATE, load<i64>(rate, LIMIT_SECOND) + 1, load<i64>(rate, LIMIT_SECOND));
    }
  }
  if (!orderNamed || (limited & (1 << CONTROL_ORDER_EXECUTIONS)) == 0) return;
  const repeated = limitInForce(CONTROL_ORDER_EXECUTIONS, account, NONE, NONE);
  if (repeated == 0) return;
  const again = load<i64>(repeated, LIMIT_COUNT) != 0 && load<u64>(repeated, LIMIT_MARKER) == order;
  const count: i64 = again ? load<i64>(repeated, LIMIT_COUNT) + 1 : 1;
  store<i64>(repeated, count, LIMIT_COUNT);
  store<u64>(repeated, order, LIMIT_MARKER);
  const most = load<i64>(repeated, LIMIT_VALUE);
  if (count > most) stop(account, instrument, CONTROL_ORDER_EXECUTIONS, count, most);
}

/** Stops the account, once: what stopped it first is what an operator must look at. */
export function stop(account: u32, instrument: u32, control: u8, count: i64, limit: i64): void {
  const record = accountAt(account);
  if (load<u8>(record, ACCOUNT_STOPPED_BY) != 0 || isOverridden(control, account, instrument)) return;
  store<u8>(record, control, ACCOUNT_STOPPED_BY);
  const tripped = emit(CONTROL_TRIPPED, account, instrument, NONE);
  setValue(tripped, 0, control);
  setValue(tripped, 1, count);
  setValue(tripped, 2, limit);
}
