// Portfolio margin (MAR-029 to MAR-032): which program margins whom, and what its verdict means for pools and states.

import { CAPACITY, CURRENCY_UNKNOWN, LISTING_INVALID, MODE_UNKNOWN, REGIME_NEEDED, REGIME_UNKNOWN } from "../memory/codes";
import { isOption } from "../margin/contracts";
import { takePool } from "../accounts/holdings";
import {
  ACCOUNT_FIRST_HOLD, ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, ACCOUNT_MARGIN_UNKNOWN, ACCOUNT_MODE, ACCOUNT_REGIME,
  BASIS_COUNTED, BASIS_JUDGED, BASIS_TABLES, HEADER_ACCOUNTS, HEADER_EVENT_TIME, HEADER_JUDGED_POOLS, HEADER_NEXT_EFFECTIVE,
  HEADER_REGIMES, HOLD_INSTRUMENT, HOLD_NEXT, KEY_CAPACITY, MARGIN_UNKNOWN_KIND, MODE_CROSS, MODE_ISOLATED, MODE_PORTFOLIO,
  NONE, POOL_BASIS, POOL_CURRENCY, POOL_IM, POOL_MM, POOL_NEXT, POOL_REGIME_EQUITY, POOL_REGIME_STATE, POOL_STATE,
  POSITION_INSTRUMENT, POSITION_NEXT, POSITION_QUANTITY, REGIME_ACTIVATED, REGIME_CAPACITY, REGIME_EFFECTIVE,
  REGIME_NEXT_PROGRAM, REGIME_NEXT_VALUATION, REGIME_PROGRAM, REGIME_VALUATION, VENUE_ACCOUNTS,
} from "../memory/layout";
import { currencyOfKey, noteKey } from "../memory/nameKeys";
import { attach, detach, gatherAccount, gatheredSlot, judgeAccount, judgePoolState, orderGathered } from "../margin/margin";
import { failedEquity, failedInitial, failedRegimeCode, portfolioPasses, tablesPass } from "../gate/orderMargin";
import {
  evaluateAccount, judgesCurrencies, refusedNode, refusedRow, verdictCount, verdictCurrency, verdictEquity, verdictInitial,
  verdictMaintenance, verdictState,
} from "../portfolio/portfolioMargin";
import { emit, refuse, setValue } from "../memory/outputs";
import { PROGRAM_SLOTS, REGIME_DONE } from "../regime/format";
import { install } from "../regime/programs";
import { accountAt, header, holdAt, instrumentAt, poolAt, positionAt, regimeAt } from "../memory/tables";
import { ordersFitAccountMode } from "./transfers";
import { clearTouched, isPortfolio, touch, touchedAccount, touchedCount } from "../accounts/touched";

export function regimeApplies(number: u32): bool {
  return number < load<u32>(header, HEADER_REGIMES) && load<u32>(regimeAt(number), REGIME_PROGRAM) != NONE;
}

/** @param keys how many names have numbers when the program is there */
export function setRegime(number: u32, effectiveUs: i64, valuation: u32, keys: u32, program: usize, bytes: u32): bool {
  const count = load<u32>(header, HEADER_REGIMES);
  if (number > count) return refuse(REGIME_UNKNOWN, number, count);
  if (number >= REGIME_CAPACITY) return refuse(CAPACITY, number, REGIME_CAPACITY);
  if (keys > KEY_CAPACITY || valuation >= keys) return refuse(CAPACITY, keys, KEY_CAPACITY);
  const regime = regimeAt(number);
  if (number < count && load<u32>(regime, REGIME_NEXT_PROGRAM) != NONE) {
    return refuse(LISTING_INVALID, effectiveUs, load<i64>(regime, REGIME_EFFECTIVE));
  }
  const free = freeSlot();
  if (free == NONE) return refuse(CAPACITY, PROGRAM_SLOTS, PROGRAM_SLOTS);
  const installed = install(free, program, bytes);
  if (installed != REGIME_DONE) return refuse(LISTING_INVALID, installed, bytes);
  noteKey(keys - 1);
  if (number == count) {
    store<u32>(header, count + 1, HEADER_REGIMES);
    store<u32>(regime, NONE, REGIME_PROGRAM);
  }
  store<u32>(regime, free, REGIME_NEXT_PROGRAM);
  store<u32>(regime, valuation, REGIME_NEXT_VALUATION);
  store<i64>(regime, effectiveUs, REGIME_EFFECTIVE);
  if (effectiveUs < load<i64>(header, HEADER_NEXT_EFFECTIVE)) store<i64>(header, effectiveUs, HEADER_NEXT_EFFECTIVE);
  activateDue(load<i64>(header, HEADER_EVENT_TIME));
  return true;
}

/** A slot of the program store that no regime uses or waits for. */
function freeSlot(): u32 {
  const count = load<u32>(header, HEADER_REGIMES);
  for (let slot: u32 = 0; slot < PROGRAM_SLOTS; slot++) {
    let used = false;
    for (let number: u32 = 0; number < count; number++) {
      const regime = regimeAt(number);
      if (load<u32>(regime, REGIME_PROGRAM) == slot || load<u32>(regime, REGIME_NEXT_PROGRAM) == slot) used = true;
    }
    if (!used) return slot;
  }
  return NONE;
}

/** MAR-029: puts every regime in force whose time has come. */
export function activateDue(nowUs: i64): void {
  if (nowUs < load<i64>(header, HEADER_NEXT_EFFECTIVE)) return;
  const count = load<u32>(header, HEADER_REGIMES);
  let next: i64 = i64.MAX_VALUE;
  for (let number: u32 = 0; number < count; number++) {
    const regime = regimeAt(number);
    if (load<u32>(regime, REGIME_NEXT_PROGRAM) == NONE) continue;
    const effectiveUs = load<i64>(regime, REGIME_EFFECTIVE);
    if (effectiveUs > nowUs) {
      if (effectiveUs < next) next = effectiveUs;
      continue;
    }
    store<u32>(regime, load<u32>(regime, REGIME_NEXT_PROGRAM), REGIME_PROGRAM);
    store<u32>(regime, load<u32>(regime, REGIME_NEXT_VALUATION), REGIME_VALUATION);
    store<u32>(regime, NONE, REGIME_NEXT_PROGRAM);
    const slot = emit(REGIME_ACTIVATED, NONE, NONE, NONE);
    setValue(slot, 0, number);
    setValue(slot, 1, touchAssigned(number));
  }
  store<i64>(header, next, HEADER_NEXT_EFFECTIVE);
}

function touchAssigned(regime: u32): u32 {
  const count = load<u32>(header, HEADER_ACCOUNTS);
  let assigned: u32 = 0;
  for (let account: u32 = VENUE_ACCOUNTS; account < count; account++) {
    if (!isPortfolio(account) || load<u32>(accountAt(account), ACCOUNT_REGIME) != regime) continue;
    assigned++;
    touch(account);
  }
  return assigned;
}

function setBasis(pool: usize, basis: u8): void {
  const before = load<u8>(pool, POOL_BASIS);
  if (before == basis) return;
  const judged = load<u32>(header, HEADER_JUDGED_POOLS);
  if (basis == BASIS_JUDGED) store<u32>(header, judged + 1, HEADER_JUDGED_POOLS);
  else if (before == BASIS_JUDGED) store<u32>(header, judged - 1, HEADER_JUDGED_POOLS);
  store<u8>(pool, basis, POOL_BASIS);
  store<u8>(pool, load<u8>(pool, POOL_STATE), POOL_REGIME_STATE);
  store<i64>(pool, 0, POOL_IM);
  store<i64>(pool, 0, POOL_MM);
  store<i64>(pool, 0, POOL_REGIME_EQUITY);
}

/** MAR-030: margins every account that the input touched, in the order of their numbers. */
export function settleTouched(): void {
  const count = touchedCount;
  if (count == 0) return;
  for (let at: u32 = 0; at < count; at++) gatherAccount(at, touchedAccount(at));
  clearTouched();
  if (count > 1) orderGathered(count);
  for (let at: u32 = 0; at < count; at++) {
    const account = gatheredSlot(at);
    if (isPortfolio(account)) marginAgain(account);
  }
}

function marginAgain(account: u32): void {
  let code = evaluateAccount(account, 0, 0);
  if (code == 0 && !storeVerdicts(account)) code = CAPACITY;
  const record = accountAt(account);
  if (load<u8>(record, ACCOUNT_MARGIN_UNKNOWN) != code) {
    store<u8>(record, code, ACCOUNT_MARGIN_UNKNOWN);
    const slot = emit(MARGIN_UNKNOWN_KIND, account, NONE, NONE);
    setValue(slot, 0, code == 0 ? 0 : 1);
    setValue(slot, 1, code);
    setValue(slot, 2, code == 0 ? 0 : refusedNode());
    setValue(slot, 3, code == 0 ? 0 : refusedRow());
  }
  if (code == 0) judgePools(account);
}

/** @returns false when the pool of the valuation currency finds no room */
function storeVerdicts(account: u32): bool {
  const regime = regimeAt(load<u32>(accountAt(account), ACCOUNT_REGIME));
  const byCurrency = judgesCurrencies(load<u32>(regime, REGIME_PROGRAM));
  const valuation = currencyOfKey(load<u32>(regime, REGIME_VALUATION));
  if (!byCurrency && (valuation == NONE || takePool(account, valuation) == NONE)) return false;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    const pool = poolAt(slot);
    const currency = load<u32>(pool, POOL_CURRENCY);
    setBasis(pool, byCurrency || currency == valuation ? BASIS_JUDGED : BASIS_COUNTED);
    for (let row: u32 = 0; row < verdictCount(); row++) {
      if (byCurrency ? verdictCurrency(row) != currency : currency != valuation) continue;
      store<i64>(pool, verdictEquity(row), POOL_REGIME_EQUITY);
      store<i64>(pool, verdictInitial(row), POOL_IM);
      store<i64>(pool, verdictMaintenance(row), POOL_MM);
      store<u8>(pool, verdictState(row), POOL_REGIME_STATE);
    }
    slot = load<u32>(pool, POOL_NEXT);
  }
  return true;
}

/** MAR-019 and MAR-031, for the account's own mode. */
export function changeAccountMode(account: u32, mode: u8, regime: u32): bool {
  const record = accountAt(account);
  const before = load<u8>(record, ACCOUNT_MODE);
  if (mode != MODE_ISOLATED && mode != MODE_CROSS && mode != MODE_PORTFOLIO) return refuse(MODE_UNKNOWN, mode, 0);
  if (mode != MODE_PORTFOLIO && before != MODE_PORTFOLIO) {
    if (!ordersFitAccountMode(account, mode)) return false;
    store<u8>(record, mode, ACCOUNT_MODE);
    return true;
  }
  if (mode != MODE_PORTFOLIO && holdsOption(account)) return refuse(REGIME_NEEDED, 0, 0);
  if (mode == MODE_PORTFOLIO) {
    if (!regimeApplies(regime)) return refuse(REGIME_UNKNOWN, 0, 0);
    const terms = regimeAt(regime);
    if (!judgesCurrencies(load<u32>(terms, REGIME_PROGRAM)) && currencyOfKey(load<u32>(terms, REGIME_VALUATION)) == NONE) {
      return refuse(CURRENCY_UNKNOWN, 0, 0);
    }
  }
  const regimeBefore = load<u32>(record, ACCOUNT_REGIME);
  regroup(account, mode, mode == MODE_PORTFOLIO ? regime : 0);
  if (mode == MODE_PORTFOLIO ? portfolioPasses(account) : tablesPass(account)) {
    touch(account);
    if (mode == MODE_PORTFOLIO) return true;
    store<u8>(record, 0, ACCOUNT_MARGIN_UNKNOWN);
    judgePools(account);
    return true;
  }
  regroup(account, before, regimeBefore);
  touch(account);
  return refuse(failedRegimeCode, failedEquity, failedInitial);
}

/** Takes every position out of the sums of its pool, changes what the sums mean, and puts it back. */
function regroup(account: u32, mode: u8, regime: u32): void {
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    detach(positionAt(slot));
    slot = load<u32>(positionAt(slot), POSITION_NEXT);
  }
  store<u8>(accountAt(account), mode, ACCOUNT_MODE);
  store<u32>(accountAt(account), regime, ACCOUNT_REGIME);
  let pool = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (pool != NONE) {
    setBasis(poolAt(pool), mode == MODE_PORTFOLIO ? BASIS_COUNTED : BASIS_TABLES);
    pool = load<u32>(poolAt(pool), POOL_NEXT);
  }
  slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    attach(positionAt(slot));
    slot = load<u32>(positionAt(slot), POSITION_NEXT);
  }
}

/** Open, or asked for by an order that rests. */
function holdsOption(account: u32): bool {
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
    if (load<i64>(position, POSITION_QUANTITY) != 0 && isOption(instrument)) return true;
    slot = load<u32>(position, POSITION_NEXT);
  }
  slot = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  while (slot != NONE) {
    if (isOption(instrumentAt(load<u32>(holdAt(slot), HOLD_INSTRUMENT)))) return true;
    slot = load<u32>(holdAt(slot), HOLD_NEXT);
  }
  return false;
}

function judgePools(account: u32): void {
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    judgePoolState(slot);
    slot = load<u32>(poolAt(slot), POOL_NEXT);
  }
  judgeAccount(account);
}
