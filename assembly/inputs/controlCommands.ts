// Limits, switches and overrides as they are set at run time, and overrides that expire (docs/controls.md).

import {
  ACCOUNT_RESERVED, ACCOUNT_UNKNOWN, CAPACITY, CONTROL_SCOPE, CONTROL_UNKNOWN, CONTROL_VALUE, CURRENCY_UNKNOWN,
  IDENTITY_TOO_OLD, INSTRUMENT_UNKNOWN, OVERRIDE_EXPIRY,
} from "../memory/codes";
import { needsCurrency } from "../gate/controls";
import { isVenueAccount } from "../accounts/holdings";
import { contentOf, recognise, remember } from "../accounts/identities";
import {
  ACCOUNT_LIMITED, ACCOUNT_STOPPED_BY, ACCOUNT_SWITCHES, CONTROL_CONCENTRATION, CONTROL_CREDIT, CONTROL_EXECUTION_RATE,
  CONTROL_MESSAGE_RATE, CONTROL_OPEN_NOTIONAL, CONTROL_OPEN_QUANTITY, CONTROL_ORDER_EXECUTIONS, CONTROL_POSITION,
  CONTROL_PRICE_COLLAR, ENTRY_OVERRIDE, ENTRY_SWITCHES, HEADER_ACCOUNTS, HEADER_CURRENCIES, HEADER_EVENT_TIME,
  HEADER_FORGOTTEN_THROUGH, HEADER_INSTRUMENTS, HEADER_LIMITED, HEADER_LIMITS, HEADER_NEXT_EXPIRY, HEADER_OVERRIDES,
  HEADER_SWITCHES, INPUT_ACCOUNT, INPUT_CHOICE, INPUT_CURRENCY, INPUT_FIRST, INPUT_IDENTITY, INPUT_INSTRUMENT,
  INPUT_KIND, INPUT_LIQUIDITY, INPUT_SECOND, INPUT_TIME, INSTRUMENT_CONTROLS, INSTRUMENT_CONTROLS_SWITCHES, LIMIT_ACCOUNT,
  LIMIT_ENTRY, LIMIT_IN_FORCE, LIMIT_INSTRUMENT, LIMIT_SECOND, LIMIT_SET, LIMIT_VALUE, NONE, OVERRIDE_CAPACITY,
  OVERRIDE_EXPIRED, SWITCH_HALT, SWITCH_KILL, SWITCH_NOT_PERMITTED, SWITCH_REDUCE_ONLY, SWITCH_SET,
} from "../memory/layout";
import { limitFits, limitInForce, takeLimit } from "../accounts/limits";
import { emit, refuse, setValue } from "../memory/outputs";
import { accountAt, header, instrumentAt, limitAt } from "../memory/tables";
import { clearCount, fillBucket, RATE_GUARD } from "../memory/tokenBucket";

/** CTL-016: the longest that an override may last. */
const DAY_US: i64 = 86400000000;
/** Magnitude of the value of a limit. */
const VALUE_GUARD: i64 = 1 << 61;

const VENUE: u32 = 1;
const ACCOUNT: u32 = 2;
const INSTRUMENT: u32 = 4;
const ACCOUNT_INSTRUMENT: u32 = 8;

export function applyControl(input: usize): bool {
  const account = load<u32>(input, INPUT_ACCOUNT);
  const instrument = load<u32>(input, INPUT_INSTRUMENT);
  const currency = load<u32>(input, INPUT_CURRENCY);
  if (account != NONE && account >= load<u32>(header, HEADER_ACCOUNTS)) return refuse(ACCOUNT_UNKNOWN, 0, 0);
  if (account != NONE && isVenueAccount(account)) return refuse(ACCOUNT_RESERVED, 0, 0);
  if (instrument != NONE && instrument >= load<u32>(header, HEADER_INSTRUMENTS)) return refuse(INSTRUMENT_UNKNOWN, 0, 0);
  if (currency != NONE && currency >= load<u32>(header, HEADER_CURRENCIES)) return refuse(CURRENCY_UNKNOWN, 0, 0);
  const timeUs = load<i64>(input, INPUT_TIME);
  const seen = recognise(load<u64>(input, INPUT_IDENTITY), contentOf(input), timeUs);
  if (seen != 0) return refuse(seen, 0, seen == IDENTITY_TOO_OLD ? load<i64>(header, HEADER_FORGOTTEN_THROUGH) : 0);
  remember(load<u64>(input, INPUT_IDENTITY), contentOf(input), timeUs);
  const choice = load<u8>(input, INPUT_CHOICE);
  const on = load<u8>(input, INPUT_LIQUIDITY) != 0;
  const first = load<i64>(input, INPUT_FIRST);
  const kind = load<u8>(input, INPUT_KIND);
  if (kind == LIMIT_SET) return setLimit(choice, account, instrument, currency, on, first, load<i64>(input, INPUT_SECOND));
  if (kind == SWITCH_SET) return setSwitch(choice, account, instrument, currency, on);
  return setOverride(choice, account, instrument, currency, first);
}

function scopeOf(account: u32, instrument: u32): u32 {
  if (account == NONE) return instrument == NONE ? VENUE : INSTRUMENT;
  return instrument == NONE ? ACCOUNT : ACCOUNT_INSTRUMENT;
}

/** Scopes that a limit of the control can have. */
function scopesOf(control: u8): u32 {
  switch (control) {
    case CONTROL_MESSAGE_RATE:
    case CONTROL_CREDIT:
      return VENUE | ACCOUNT;
    case CONTROL_EXECUTION_RATE:
    case CONTROL_ORDER_EXECUTIONS:
      return ACCOUNT;
    case CONTROL_POSITION:
    case CONTROL_OPEN_QUANTITY:
    case CONTROL_OPEN_NOTIONAL:
    case CONTROL_CONCENTRATION:
      return INSTRUMENT | ACCOUNT_INSTRUMENT;
    default:
      return VENUE | ACCOUNT | INSTRUMENT | ACCOUNT_INSTRUMENT;
  }
}

@inline
function isControl(control: u8): bool {
  return control >= CONTROL_PRICE_COLLAR && control <= CONTROL_ORDER_EXECUTIONS;
}

@inline
function isRate(control: u8): bool {
  return control == CONTROL_MESSAGE_RATE || control == CONTROL_EXECUTION_RATE;
}

/** CTL-005. */
function setLimit(
  control: u8, account: u32, instrument: u32, currency: u32, on: bool, value: i64, second: i64,
): bool {
  if (!isControl(control)) return refuse(CONTROL_UNKNOWN, control, 0);
  const scope = scopeOf(account, instrument);
  if ((scopesOf(control) & scope) == 0) return refuse(CONTROL_SCOPE, control, 0);
  const currencyDue = needsCurrency(control) && instrument == NONE;
  if (currencyDue != (currency != NONE)) return refuse(CONTROL_SCOPE, control, 0);
  const most: i64 = isRate(control) ? RATE_GUARD : VALUE_GUARD;
  const least: i64 = isRate(control) ? 1 : 0;
  if (on && value < least) return refuse(CONTROL_VALUE, value, least);
  if (on && value > most) return refuse(CONTROL_VALUE, value, most);
  if (on && second < 0) return refuse(CONTROL_VALUE, second, 0);
  if (on && second > most) return refuse(CONTROL_VALUE, second, most);
  if (!limitFits(control, account, instrument, currency)) return refuse(CAPACITY, 0, 0);
  const limit = takeLimit(control, account, instrument, currency);
  store<u8>(limit, on ? 1 : 0, LIMIT_IN_FORCE);
  store<i64>(limit, on ? value : 0, LIMIT_VALUE);
  store<i64>(limit, on ? second : 0, LIMIT_SECOND);
  // A rate starts with all its tokens; whatever else counts starts at nothing.
  if (isRate(control)) fillBucket(limit, load<i64>(header, HEADER_EVENT_TIME));
  else clearCount(limit);
  markLimited(control, account, instrument);
  return true;
}

/** So that an order looks for limits where there are some. The bit stays when the limit goes: it only costs a search. */
function markLimited(entry: u8, account: u32, instrument: u32): void {
  const bit = <u16>(1 << entry);
  if (account != NONE) store<u16>(accountAt(account), load<u16>(accountAt(account), ACCOUNT_LIMITED) | bit, ACCOUNT_LIMITED);
  else if (instrument == NONE) store<u16>(header, load<u16>(header, HEADER_LIMITED) | bit, HEADER_LIMITED);
  else {
    const record = instrumentAt(instrument);
    store<u16>(record, load<u16>(record, INSTRUMENT_CONTROLS) | bit, INSTRUMENT_CONTROLS);
  }
}

/** CTL-001 to CTL-004. */
function setSwitch(which: u8, account: u32, instrument: u32, currency: u32, on: bool): bool {
  const known =
    which == SWITCH_KILL || which == SWITCH_HALT || which == SWITCH_REDUCE_ONLY || which == SWITCH_NOT_PERMITTED;
  if (!known) return refuse(CONTROL_UNKNOWN, which, 0);
  const scope = scopeOf(account, instrument);
  if (currency != NONE || (which == SWITCH_NOT_PERMITTED && scope != ACCOUNT_INSTRUMENT)) {
    return refuse(CONTROL_SCOPE, which, 0);
  }
  if (scope == VENUE) turn(header + HEADER_SWITCHES, which, on);
  else if (scope == ACCOUNT) turn(accountAt(account) + ACCOUNT_SWITCHES, which, on);
  else if (scope == INSTRUMENT) turnInstrument(instrumentAt(instrument), which, on);
  else {
    if (!limitFits(ENTRY_SWITCHES, account, instrument, NONE)) return refuse(CAPACITY, 0, 0);
    const row = takeLimit(ENTRY_SWITCHES, account, instrument, NONE);
    turn(row + LIMIT_VALUE, which, on);
    store<u8>(row, load<u8>(row, LIMIT_VALUE) != 0 ? 1 : 0, LIMIT_IN_FORCE);
    markLimited(ENTRY_SWITCHES, account, instrument);
  }
  return true;
}

function turn(address: usize, which: u8, on: bool): void {
  const now = load<u8>(address);
  store<u8>(address, on ? now | which : now & ~which);
}

function turnInstrument(record: usize, which: u8, on: bool): void {
  const bit = <u16>which << <u16>INSTRUMENT_CONTROLS_SWITCHES;
  const now = load<u16>(record, INSTRUMENT_CONTROLS);
  store<u16>(record, on ? now | bit : now & ~bit, INSTRUMENT_CONTROLS);
}

/** CTL-016. That two different people stand behind it, the host has seen. */
function setOverride(control: u8, account: u32, instrument: u32, currency: u32, expiryUs: i64): bool {
  if (!isControl(control)) return refuse(CONTROL_UNKNOWN, control, 0);
  const scope = scopeOf(account, instrument);
  const stops = control == CONTROL_EXECUTION_RATE || control == CONTROL_ORDER_EXECUTIONS;
  if (currency != NONE || scope == VENUE || (stops && scope != ACCOUNT)) return refuse(CONTROL_SCOPE, control, 0);
  const now = load<i64>(header, HEADER_EVENT_TIME);
  const ends = expiryUs == 0;
  if (!ends && expiryUs <= now) return refuse(OVERRIDE_EXPIRY, expiryUs, now);
  if (!ends && expiryUs > now + DAY_US) return refuse(OVERRIDE_EXPIRY, expiryUs, now + DAY_US);
  const entry = control | ENTRY_OVERRIDE;
  const active = limitInForce(entry, account, instrument, NONE) != 0;
  const full = load<u32>(header, HEADER_OVERRIDES) >= OVERRIDE_CAPACITY;
  if (!limitFits(entry, account, instrument, NONE) || (!ends && !active && full)) return refuse(CAPACITY, 0, 0);
  const row = takeLimit(entry, account, instrument, NONE);
  store<u8>(row, ends ? 0 : 1, LIMIT_IN_FORCE);
  store<i64>(row, expiryUs, LIMIT_VALUE);
  // Two people have looked at what stopped the account: it may go on.
  if (stops && !ends && load<u8>(accountAt(account), ACCOUNT_STOPPED_BY) == control) {
    store<u8>(accountAt(account), 0, ACCOUNT_STOPPED_BY);
  }
  countOverrides();
  return true;
}

@inline
function isActiveOverride(row: usize): bool {
  return (load<u8>(row, LIMIT_ENTRY) & ENTRY_OVERRIDE) != 0 && load<u8>(row, LIMIT_IN_FORCE) != 0;
}

function countOverrides(): void {
  const count = load<u32>(header, HEADER_LIMITS);
  let active: u32 = 0;
  let next = i64.MAX_VALUE;
  for (let at: u32 = 0; at < count; at++) {
    const row = limitAt(at);
    if (!isActiveOverride(row)) continue;
    active++;
    if (load<i64>(row, LIMIT_VALUE) < next) next = load<i64>(row, LIMIT_VALUE);
  }
  store<u32>(header, active, HEADER_OVERRIDES);
  store<i64>(header, next, HEADER_NEXT_EXPIRY);
}

/** CTL-016: ends the overrides whose time has come, in the order of their rows. */
export function expireOverrides(): void {
  const now = load<i64>(header, HEADER_EVENT_TIME);
  if (now < load<i64>(header, HEADER_NEXT_EXPIRY)) return;
  const count = load<u32>(header, HEADER_LIMITS);
  for (let at: u32 = 0; at < count; at++) {
    const row = limitAt(at);
    if (!isActiveOverride(row) || load<i64>(row, LIMIT_VALUE) > now) continue;
    store<u8>(row, 0, LIMIT_IN_FORCE);
    const expired = emit(OVERRIDE_EXPIRED, load<u32>(row, LIMIT_ACCOUNT), load<u32>(row, LIMIT_INSTRUMENT), NONE);
    setValue(expired, 0, load<u8>(row, LIMIT_ENTRY) & ~ENTRY_OVERRIDE);
    setValue(expired, 1, load<i64>(row, LIMIT_VALUE));
  }
  countOverrides();
}
