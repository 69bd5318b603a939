// One input: what it is, whether it may be applied, who applies it. The order of the checks is part of the rules: when
// several things are wrong, the first one names the refusal.

import {
  ACCOUNT_EXISTS, ACCOUNT_RESERVED, ACCOUNT_UNKNOWN, CAPACITY, CURRENCY_UNKNOWN, DUPLICATE, FEE_LIMIT, FIELD_MISSING,
  INSTRUMENT_SETTLED, INSTRUMENT_UNKNOWN, MODE_UNKNOWN, NOT_REDUCING, OVERFLOW, TIME_RANGE,
} from "./codes";
import { bookFill, onlyReduces, planFill, plannedCost, plannedFee, plannedLiquidationFee, plannedPosted,
  plannedQuantity, plannedRealised, plannedRounding } from "./fills";
import { clearOverflow, magnitude, overflowed } from "./fixed";
import { checkPriceOfOrder, checkQuantity, failedCode, failedLimit, failedValue, timeInRange } from "./formats";
import { findPosition, isVenueAccount, openAccount, poolFits, positionFits, takePosition } from "./holdings";
import { contentOf, recognise, remember } from "./identities";
import {
  ACCOUNT_MODE, ACCOUNT_OPENED, ACCOUNT_QUARANTINED, ACCOUNT_QUARANTINED_KIND, BOOKKEEPING_FILLS, COLLATERAL_MOVED,
  CURRENCY_LISTED, DEPOSITED, EPOCH_STARTED, FILL_APPLIED, FLAG_FEE_GIVEN, FLAG_LIQUIDATION, FLAG_MALFORMED,
  FUNDING_APPLIED, HEADER_ACCOUNTS, HEADER_CURRENCIES, HEADER_EVENT_TIME, HEADER_INSTRUMENTS, INPUT_ACCOUNT,
  INPUT_BLOB, INPUT_BLOB_COUNT, INPUT_CHOICE, INPUT_CURRENCY, INPUT_FIRST, INPUT_FLAGS,
  INPUT_IDENTITY, INPUT_INSTRUMENT, INPUT_KIND, INPUT_LIQUIDITY, INPUT_SECOND, INPUT_SIZE, INPUT_THIRD, INPUT_TIME,
  INSTRUMENT_LISTED, INSTRUMENT_SETTLED as SETTLED, INSTRUMENT_SETTLED_KIND, LEVERAGE_SET, LIQUIDITY_MAKER,
  LIQUIDITY_TAKER, MARGIN_MODE_SET, MARGIN_TABLE_SET, MARK_PRICE_SET, MODE_CROSS, MODE_ISOLATED, NONE, POSITION_QUANTITY,
  RECORD_QUARANTINED, SCENARIO_GRID_SET, SHARD_OPENED, SIDE_BUY, SIDE_SELL, VENUE_INSURANCE, WITHDRAWN,
} from "./layout";
import { listCurrency, listInstrument, openShard, setMarginTable, setScenarioGrid } from "./listings";
import { applyFunding, setMark, settleInstrument } from "./markets";
import { answerValue, attribute, emit, openOutput, refuse, refusedWith, setValue, wasApplied } from "./outputs";
import { accountAt, blob, bookkeeping, header, inputs, instrumentAt, positionAt } from "./tables";
import { changeLeverage, changeMode, deposit, moveCollateral, withdraw } from "./transfers";

/** Largest fee that a venue may name. */
const FEE_GUARD: u64 = 1000000000000000;

@inline
export function inputAt(index: u32): usize {
  return inputs + <usize>index * INPUT_SIZE;
}

@inline
function blobOf(input: usize): usize {
  return blob + <usize>load<u32>(input, INPUT_BLOB);
}

@inline
function first(input: usize): i64 {
  return load<i64>(input, INPUT_FIRST);
}

@inline
function accountKnown(account: u32): bool {
  return account < load<u32>(header, HEADER_ACCOUNTS);
}

@inline
function instrumentKnown(instrument: u32): bool {
  return instrument < load<u32>(header, HEADER_INSTRUMENTS);
}

/** Applies one input and leaves its outputs. */
export function applyInput(index: u32): void {
  const input = inputAt(index);
  const kind = load<u8>(input, INPUT_KIND);
  const account = load<u32>(input, INPUT_ACCOUNT);
  const instrument = load<u32>(input, INPUT_INSTRUMENT);
  openOutput(
    index, kind, kind != ACCOUNT_OPENED && accountKnown(account) ? account : NONE,
    instrumentKnown(instrument) ? instrument : NONE,
  );
  if (load<u8>(input, INPUT_FLAGS) & FLAG_MALFORMED) {
    refuse(<u8>first(input), 0, 0);
    return;
  }
  if (kind < ACCOUNT_OPENED) {
    applyListing(input, kind);
    return;
  }
  const timeUs = load<i64>(input, INPUT_TIME);
  if (!timeInRange(timeUs)) {
    refuse(TIME_RANGE, timeUs, 0);
  } else {
    if (timeUs > load<i64>(header, HEADER_EVENT_TIME)) store<i64>(header, timeUs, HEADER_EVENT_TIME);
    if (kind == FILL_APPLIED) applyFill(input, account, instrument, timeUs);
    else if (kind < FILL_APPLIED) applyCommand(input, kind, account, instrument, timeUs);
    else applyMarket(input, kind, instrument, timeUs);
  }
  if (kind == FILL_APPLIED) quarantineUnlessApplied(account);
}

/** INP-002: a fill that could not be applied leaves its account's position in doubt. */
function quarantineUnlessApplied(account: u32): void {
  const code = refusedWith();
  if (wasApplied() || code == DUPLICATE || !accountKnown(account) || isVenueAccount(account)) return;
  const record = accountAt(account);
  if (load<u8>(record, ACCOUNT_QUARANTINED)) return;
  store<u8>(record, 1, ACCOUNT_QUARANTINED);
  setValue(emit(ACCOUNT_QUARANTINED_KIND, account, NONE, NONE), 0, code);
}

function applyListing(input: usize, kind: u8): void {
  const count = load<u32>(input, INPUT_BLOB_COUNT);
  const time = load<i64>(input, INPUT_TIME);
  if (timeInRange(time) && time > load<i64>(header, HEADER_EVENT_TIME)) store<i64>(header, time, HEADER_EVENT_TIME);
  switch (kind) {
    case SHARD_OPENED:
      openShard();
      return;
    case EPOCH_STARTED:
      return;
    case CURRENCY_LISTED:
      listCurrency(load<u32>(input, INPUT_CURRENCY));
      return;
    case MARGIN_TABLE_SET:
      setMarginTable(blobOf(input), count / 3);
      return;
    case SCENARIO_GRID_SET:
      setScenarioGrid(blobOf(input), count);
      return;
    case INSTRUMENT_LISTED: {
      const currency = load<u32>(input, INPUT_CURRENCY);
      if (currency >= load<u32>(header, HEADER_CURRENCIES)) {
        refuse(CURRENCY_UNKNOWN, currency, 0);
        return;
      }
      const number = load<u32>(input, INPUT_INSTRUMENT);
      listInstrument(number, load<u8>(input, INPUT_CHOICE), currency, blobOf(input), count);
      return;
    }
    default:
      refuse(FIELD_MISSING, kind, 0);
  }
}

/** INP-001: one identity, one answer, so a refusal that comes later is remembered too. @returns whether it is new */
function isNew(input: usize, timeUs: i64): bool {
  const key = load<u64>(input, INPUT_IDENTITY);
  const fingerprint = contentOf(input);
  const code = recognise(key, fingerprint, timeUs);
  if (code != 0) return refuse(code, timeUs, 0);
  remember(key, fingerprint, timeUs);
  return true;
}

function applyFill(input: usize, account: u32, number: u32, timeUs: i64): bool {
  if (!accountKnown(account)) return refuse(ACCOUNT_UNKNOWN, account, 0);
  if (isVenueAccount(account)) return refuse(ACCOUNT_RESERVED, account, 0);
  if (!instrumentKnown(number)) return refuse(INSTRUMENT_UNKNOWN, number, 0);
  if (!isNew(input, timeUs)) return false;
  const instrument = instrumentAt(number);
  if (load<u8>(instrument, SETTLED)) return refuse(INSTRUMENT_SETTLED, number, 0);
  const side = load<u8>(input, INPUT_CHOICE);
  const liquidity = load<u8>(input, INPUT_LIQUIDITY);
  if (side != SIDE_BUY && side != SIDE_SELL) return refuse(FIELD_MISSING, side, 0);
  if (liquidity != LIQUIDITY_MAKER && liquidity != LIQUIDITY_TAKER) return refuse(FIELD_MISSING, liquidity, 1);
  const quantity = first(input);
  const price = load<i64>(input, INPUT_SECOND);
  if (!checkQuantity(instrument, quantity) || !checkPriceOfOrder(instrument, price)) {
    return refuse(failedCode, failedValue, failedLimit);
  }
  const flags = load<u8>(input, INPUT_FLAGS);
  const fee = load<i64>(input, INPUT_THIRD);
  if (flags & FLAG_FEE_GIVEN && magnitude(fee) > FEE_GUARD) return refuse(FEE_LIMIT, fee, FEE_GUARD);
  const liquidation = (flags & FLAG_LIQUIDATION) != 0;
  const known = heldQuantity(account, number);
  if (liquidation && !onlyReduces(known, side, quantity)) return refuse(NOT_REDUCING, quantity, known);
  if (!positionFits(account, number)) return refuse(CAPACITY, 0, 0);
  const slot = takePosition(account, number);
  clearOverflow();
  planFill(positionAt(slot), side, quantity, price, liquidity, liquidation, (flags & FLAG_FEE_GIVEN) != 0, fee);
  if (overflowed) return refuse(OVERFLOW, quantity, 0);
  store<i64>(bookkeeping, load<i64>(bookkeeping, BOOKKEEPING_FILLS) + 1, BOOKKEEPING_FILLS);
  answerValue(0, plannedRealised);
  answerValue(1, plannedFee);
  answerValue(2, plannedQuantity);
  answerValue(3, plannedCost);
  answerValue(4, plannedPosted);
  answerValue(5, plannedRounding);
  answerValue(6, plannedLiquidationFee);
  bookFill(slot, liquidation);
  return true;
}

function heldQuantity(account: u32, number: u32): i64 {
  const slot = findPosition(account, number);
  return slot == NONE ? 0 : load<i64>(positionAt(slot), POSITION_QUANTITY);
}

function applyCommand(input: usize, kind: u8, account: u32, number: u32, timeUs: i64): bool {
  if (kind == ACCOUNT_OPENED) return openNewAccount(input, account, timeUs);
  if (!accountKnown(account)) return refuse(ACCOUNT_UNKNOWN, account, 0);
  if (isVenueAccount(account) && !(account == VENUE_INSURANCE && (kind == DEPOSITED || kind == WITHDRAWN))) {
    return refuse(ACCOUNT_RESERVED, account, 0);
  }
  if (!isNew(input, timeUs)) return false;
  if (kind == DEPOSITED || kind == WITHDRAWN) return transferMoney(input, kind, account);
  return choose(input, kind, account, number);
}

function openNewAccount(input: usize, account: u32, timeUs: i64): bool {
  if (!isNew(input, timeUs)) return false;
  if (accountKnown(account)) return refuse(ACCOUNT_EXISTS, account, 0);
  const mode = load<u8>(input, INPUT_CHOICE);
  if (mode != MODE_ISOLATED && mode != MODE_CROSS) return refuse(MODE_UNKNOWN, mode, 0);
  const opened = openAccount(mode);
  if (opened == NONE) return refuse(CAPACITY, account, account);
  attribute(opened);
  return true;
}

function transferMoney(input: usize, kind: u8, account: u32): bool {
  const currency = load<u32>(input, INPUT_CURRENCY);
  if (currency >= load<u32>(header, HEADER_CURRENCIES)) return refuse(CURRENCY_UNKNOWN, currency, 0);
  if (!poolFits(account, currency)) return refuse(CAPACITY, 0, 0);
  return kind == DEPOSITED ? deposit(account, currency, first(input)) : withdraw(account, currency, first(input));
}

function choose(input: usize, kind: u8, account: u32, number: u32): bool {
  const mode = load<u8>(input, INPUT_CHOICE);
  const forAccount = kind == MARGIN_MODE_SET && load<u8>(input, INPUT_LIQUIDITY) == 0;
  if (!forAccount) {
    if (!instrumentKnown(number)) return refuse(INSTRUMENT_UNKNOWN, number, 0);
    if (load<u8>(instrumentAt(number), SETTLED)) return refuse(INSTRUMENT_SETTLED, number, 0);
  }
  if (kind == MARGIN_MODE_SET && mode != MODE_ISOLATED && mode != MODE_CROSS) return refuse(MODE_UNKNOWN, mode, 0);
  if (forAccount) {
    store<u8>(accountAt(account), mode, ACCOUNT_MODE);
    return true;
  }
  if (!positionFits(account, number)) return refuse(CAPACITY, 0, 0);
  const slot = takePosition(account, number);
  if (kind == MARGIN_MODE_SET) return changeMode(slot, mode);
  if (kind == LEVERAGE_SET) return changeLeverage(slot, first(input));
  if (kind == COLLATERAL_MOVED) return moveCollateral(slot, first(input));
  return refuse(FIELD_MISSING, kind, 0);
}

function applyMarket(input: usize, kind: u8, number: u32, timeUs: i64): bool {
  if (kind == RECORD_QUARANTINED) return refuse(FIELD_MISSING, kind, 0);
  if (!instrumentKnown(number)) return refuse(INSTRUMENT_UNKNOWN, number, 0);
  if (kind == MARK_PRICE_SET) return setMark(number, first(input), timeUs);
  if (kind == FUNDING_APPLIED) return applyFunding(number, first(input), timeUs);
  if (kind == INSTRUMENT_SETTLED_KIND) return settleInstrument(number, first(input));
  return refuse(FIELD_MISSING, kind, 0);
}
