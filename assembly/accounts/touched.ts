// Accounts in portfolio mode that an input touched: their regime margins them again before the input ends, each once, in the
// order of their numbers.

import { isCross } from "./holdings";
import {
  ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, ACCOUNT_MODE, CURRENCY_KEY, HEADER_ACCOUNTS, INSTRUMENT_UNDERLYING,
  MODE_PORTFOLIO, NONE, POOL_CURRENCY, POOL_NEXT, POSITION_ACCOUNT, POSITION_INSTRUMENT, POSITION_NEXT,
  POSITION_QUANTITY, VENUE_ACCOUNTS,
} from "../memory/layout";
import { accountAt, currencyAt, header, instrumentAt, poolAt, positionAt, touchedFlags, touchedList } from "../memory/tables";

export let touchedCount: u32 = 0;

@inline
export function isPortfolio(account: u32): bool {
  return load<u8>(accountAt(account), ACCOUNT_MODE) == MODE_PORTFOLIO;
}

/** Whether a regime margins the position together with others. */
@inline
export function inPortfolio(position: usize): bool {
  return isCross(position) && isPortfolio(load<u32>(position, POSITION_ACCOUNT));
}

export function touch(account: u32): void {
  if (load<u8>(touchedFlags + account) || !isPortfolio(account)) return;
  store<u8>(touchedFlags + account, 1);
  store<u64>(touchedList + ((<usize>touchedCount) << 3), account);
  touchedCount++;
}

/** All accounts that hold a balance in a currency, or a position on an underlying, of this name. */
export function touchUsersOf(key: u32): void {
  const count = load<u32>(header, HEADER_ACCOUNTS);
  for (let account: u32 = VENUE_ACCOUNTS; account < count; account++) {
    if (isPortfolio(account) && uses(account, key)) touch(account);
  }
}

function uses(account: u32, key: u32): bool {
  let pool = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (pool != NONE) {
    if (load<u32>(currencyAt(load<u32>(poolAt(pool), POOL_CURRENCY)), CURRENCY_KEY) == key) return true;
    pool = load<u32>(poolAt(pool), POOL_NEXT);
  }
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
    if (load<i64>(position, POSITION_QUANTITY) != 0 && load<u32>(instrument, INSTRUMENT_UNDERLYING) == key) return true;
    slot = load<u32>(position, POSITION_NEXT);
  }
  return false;
}

/** Forgets the list after it was worked through. */
export function clearTouched(): void {
  for (let at: u32 = 0; at < touchedCount; at++) store<u8>(touchedFlags + touchedAccount(at), 0);
  touchedCount = 0;
}

@inline
export function touchedAccount(at: u32): u32 {
  return <u32>load<u64>(touchedList + ((<usize>at) << 3));
}
