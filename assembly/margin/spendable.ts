// MAR-027: what of a portfolio's balance can be spent.

import { isOption } from "./contracts";
import {
  ACCOUNT_FIRST_POSITION, INSTRUMENT_CURRENCY, NONE, POOL_BALANCE, POOL_CURRENCY, POSITION_ENTRY_COST, POSITION_INSTRUMENT,
  POSITION_NEXT,
} from "../memory/layout";
import { accountAt, instrumentAt, positionAt } from "../memory/tables";

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
