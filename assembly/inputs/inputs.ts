// One input: what it is, whether it may be applied, who applies it. The order of the checks is part of the rules: when
// several things are wrong, the first one names the refusal.

import {
  ACCOUNT_EXISTS, ACCOUNT_RESERVED, ACCOUNT_UNKNOWN, CAPACITY, CURRENCY_UNKNOWN, DUPLICATE, FEE_LIMIT, FIELD_MISSING,
  IDENTITY_TOO_OLD, INSTRUMENT_SETTLED, INSTRUMENT_UNKNOWN, MODE_UNKNOWN, NOT_REDUCING, OVERFLOW, REGIME_NEEDED, REGIME_UNKNOWN, TIME_RANGE,
} from "../memory/codes";
import {
  bookFill, closable, onlyReduces, planFill, plannedCost, plannedFee, plannedLiquidationFee, plannedPosted,
  plannedQuantity, plannedRealised, plannedRounding,
} from "../margin/fills";
import { clearOverflow, magnitude, overflowed } from "../memory/fixed";
import {
  checkPriceOfOrder, checkQuantity, failedCode, failedLimit, failedValue, FIRST_TIME_US, LAST_TIME_US, timeInRange,
} from "../memory/formats";
import {
  findPosition, isVenueAccount, openAccount, poolFits, positionFits, positionOrSpare, takePosition,
} from "../accounts/holdings";
import { applyControl, expireOverrides } from "./controlCommands";
import { afterInput, beforeInput } from "../margin/deferral";
import { countExecution } from "../gate/executions";
import { applyHold, endHoldsIn, expireDue, useHold } from "./holdCommands";
import { contentOf, recognise, recognisedAt, remember } from "../accounts/identities";
import { isOption } from "../margin/contracts";
import { activateDue, changeAccountMode, regimeApplies, setRegime, settleTouched } from "./portfolio";
import { isPortfolio } from "../accounts/touched";
import {
  ACCOUNT_OPENED, ACCOUNT_REGIME, ACCOUNT_QUARANTINED, ACCOUNT_QUARANTINED_KIND, BOOKKEEPING_FILLS, COLLATERAL_MOVED,
  CURRENCY_LISTED, DEPOSITED, EPOCH_STARTED, FILL_APPLIED, FLAG_FEE_GIVEN, FLAG_LIQUIDATION, FLAG_MALFORMED,
  FUNDING_APPLIED, HEADER_ACCOUNTS, HEADER_CURRENCIES, HEADER_EVENT_TIME, HEADER_FORGOTTEN_THROUGH, HEADER_INSTRUMENTS, INPUT_ACCOUNT,
  INPUT_BLOB, INPUT_BLOB_COUNT, INPUT_CHOICE, INPUT_CURRENCY, INPUT_FIRST, INPUT_FLAGS,
  FLAG_ORDER_NAMED, HOLD_PLACED, HOLD_RELEASED, INPUT_FINGERPRINT, INPUT_ORDER,
  INPUT_IDENTITY, INPUT_INSTRUMENT, INPUT_KIND, INPUT_LIQUIDITY, INPUT_SECOND, INPUT_SIZE, INPUT_THIRD, INPUT_TIME,
  INDEX_PRICE_SET, INSTRUMENT_LISTED, INSTRUMENT_SETTLED as SETTLED, INSTRUMENT_SETTLED_KIND, LEVERAGE_SET, LIMIT_SET,
  LIQUIDITY_MAKER, OVERRIDE_SET,
  LIQUIDITY_TAKER, MARGIN_MODE_SET, MARGIN_TABLE_SET, MARK_PRICE_SET, MODE_CROSS, MODE_ISOLATED, MODE_PORTFOLIO, NONE, POSITION_QUANTITY,
  RECORD_QUARANTINED, REGIME_SET, SCENARIO_GRID_SET, SHARD_OPENED, SIDE_BUY, SIDE_SELL, VENUE_INSURANCE, WITHDRAWN,
} from "../memory/layout";
import { passInputEdge } from "../portfolio/bookNotes";
import { listCurrency, listInstrument, openShard, setMarginTable, setScenarioGrid } from "./listings";
import { applyFunding, setIndexPrice, setMark, settleInstrument } from "./markets";
import { answerValue, attribute, emit, openOutput, refuse, refusedWith, setValue, wasApplied } from "../memory/outputs";
import { accountAt, blob, bookkeeping, header, inputs, instrumentAt, positionAt } from "../memory/tables";
import { changeLeverage, changeMode, checkLeverage, deposit, moveCollateral, withdraw } from "./transfers";

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
  passInputEdge();
  const input = inputAt(index);
  const kind = load<u8>(input, INPUT_KIND);
  const account = load<u32>(input, INPUT_ACCOUNT);
  const instrument = load<u32>(input, INPUT_INSTRUMENT);
  openOutput(
    index, kind, kind != ACCOUNT_OPENED && accountKnown(account) ? account : NONE,
    instrumentKnown(instrument) ? instrument : NONE,
  );
  const malformed = (load<u8>(input, INPUT_FLAGS) & FLAG_MALFORMED) != 0;
  const timeUs = load<i64>(input, INPUT_TIME);
  if (kind == RECORD_QUARANTINED) {
    refuse(<u8>first(input), 0, 0);
  } else if (kind < INSTRUMENT_LISTED) {
    applySetUp(input, kind);
  } else if (!passesTime(kind, timeUs)) {
    refuse(TIME_RANGE, timeUs, timeUs < FIRST_TIME_US ? FIRST_TIME_US : LAST_TIME_US);
  } else {
    if (timeUs > load<i64>(header, HEADER_EVENT_TIME)) store<i64>(header, timeUs, HEADER_EVENT_TIME);
    expireDue(load<i64>(header, HEADER_EVENT_TIME));
    activateDue(load<i64>(header, HEADER_EVENT_TIME));
    expireOverrides();
    beforeInput(input, kind, account, instrument);
    if (malformed) refuse(<u8>first(input), 0, 0);
    else if (kind == FILL_APPLIED) applyFill(input, account, instrument, timeUs);
    else if (kind == INSTRUMENT_LISTED) applyListing(input);
    else if (kind == REGIME_SET) applyRegime(input);
    else if (kind >= LIMIT_SET && kind <= OVERRIDE_SET) applyControl(input);
    else if (kind < FILL_APPLIED) applyCommand(input, kind, account, instrument, timeUs);
    else applyMarket(input, kind, instrument, timeUs);
    afterInput(kind);
  }
  if (kind == FILL_APPLIED) quarantineUnlessApplied(account);
  settleTouched();
  passInputEdge();
}

/** INP-004. Listings of the genesis carry no time. */
function passesTime(kind: u8, timeUs: i64): bool {
  return timeInRange(timeUs) || ((kind == INSTRUMENT_LISTED || kind == REGIME_SET) && timeUs == 0);
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

function applySetUp(input: usize, kind: u8): void {
  const count = load<u32>(input, INPUT_BLOB_COUNT);
  switch (kind) {
    case SHARD_OPENED:
      openShard();
      return;
    case EPOCH_STARTED:
      return;
    case CURRENCY_LISTED:
      listCurrency(load<u32>(input, INPUT_CURRENCY), <u32>first(input));
      return;
    case MARGIN_TABLE_SET:
      setMarginTable(blobOf(input), count / 3);
      return;
    case SCENARIO_GRID_SET:
      setScenarioGrid(blobOf(input), count);
      return;
    default:
      refuse(FIELD_MISSING, 0, 0);
  }
}

function applyListing(input: usize): void {
  listInstrument(
    load<u32>(input, INPUT_INSTRUMENT), load<u8>(input, INPUT_CHOICE), load<u32>(input, INPUT_CURRENCY), blobOf(input),
    load<u32>(input, INPUT_BLOB_COUNT),
  );
}

/** MAR-029. The blob holds the program; `third` is how many keys have names by now. */
function applyRegime(input: usize): void {
  setRegime(
    load<u32>(input, INPUT_CURRENCY), first(input), <u32>load<i64>(input, INPUT_SECOND), <u32>load<i64>(input, INPUT_THIRD),
    blobOf(input), load<u32>(input, INPUT_BLOB_COUNT) << 3,
  );
}

/** INP-001. @returns whether the identity is new */
function isNew(input: usize, timeUs: i64): bool {
  const code = recognise(load<u64>(input, INPUT_IDENTITY), contentOf(input), timeUs);
  if (code == 0) return true;
  if (code == IDENTITY_TOO_OLD) return refuse(code, timeUs, load<i64>(header, HEADER_FORGOTTEN_THROUGH));
  // The first answer to a request for an order stands in the journal: whoever asks again is told where.
  return refuse(code, code == DUPLICATE && isHoldKind(load<u8>(input, INPUT_KIND)) ? recognisedAt : 0, 0);
}

@inline
function isHoldKind(kind: u8): bool {
  return kind >= HOLD_PLACED && kind <= HOLD_RELEASED;
}

/** One identity, one answer: called before the checks that may still refuse. */
function rememberInput(input: usize, timeUs: i64): void {
  remember(load<u64>(input, INPUT_IDENTITY), contentOf(input), timeUs);
}

function applyFill(input: usize, account: u32, number: u32, timeUs: i64): bool {
  if (!accountKnown(account)) return refuse(ACCOUNT_UNKNOWN, 0, 0);
  if (isVenueAccount(account)) return refuse(ACCOUNT_RESERVED, 0, 0);
  if (!instrumentKnown(number)) return refuse(INSTRUMENT_UNKNOWN, 0, 0);
  if (!isNew(input, timeUs)) return false;
  rememberInput(input, timeUs);
  const instrument = instrumentAt(number);
  if (load<u8>(instrument, SETTLED)) return refuse(INSTRUMENT_SETTLED, 0, 0);
  if (isOption(instrument) && !isPortfolio(account)) return refuse(REGIME_NEEDED, 0, 0);
  const side = load<u8>(input, INPUT_CHOICE);
  const liquidity = load<u8>(input, INPUT_LIQUIDITY);
  if (side != SIDE_BUY && side != SIDE_SELL) return refuse(FIELD_MISSING, 0, 0);
  if (liquidity != LIQUIDITY_MAKER && liquidity != LIQUIDITY_TAKER) return refuse(FIELD_MISSING, 0, 0);
  const quantity = first(input);
  const price = load<i64>(input, INPUT_SECOND);
  if (!checkQuantity(instrument, quantity) || !checkPriceOfOrder(instrument, price)) {
    return refuse(failedCode, failedValue, failedLimit);
  }
  const flags = load<u8>(input, INPUT_FLAGS);
  const feeGiven = (flags & FLAG_FEE_GIVEN) != 0;
  const fee = load<i64>(input, INPUT_THIRD);
  if (feeGiven && magnitude(fee) > FEE_GUARD) return refuse(FEE_LIMIT, fee, FEE_GUARD);
  const liquidation = (flags & FLAG_LIQUIDATION) != 0;
  const held = heldQuantity(account, number);
  if (liquidation && !onlyReduces(held, side, quantity)) return refuse(NOT_REDUCING, quantity, closable(held, side));
  if (!positionFits(account, number)) return refuse(CAPACITY, 0, 0);
  clearOverflow();
  planFill(
    positionOrSpare(account, number), side, quantity, price, liquidity, liquidation, feeGiven, fee,
  );
  if (overflowed) return refuse(OVERFLOW, 0, 0);
  store<i64>(bookkeeping, load<i64>(bookkeeping, BOOKKEEPING_FILLS) + 1, BOOKKEEPING_FILLS);
  answerValue(0, plannedRealised);
  answerValue(1, plannedFee);
  answerValue(2, plannedQuantity);
  answerValue(3, plannedCost);
  answerValue(4, plannedPosted);
  answerValue(5, plannedRounding);
  answerValue(6, plannedLiquidationFee);
  bookFill(takePosition(account, number), liquidation);
  useHold(account, number, side, load<u64>(input, INPUT_ORDER), quantity);
  // What the venue closes by force says nothing about how the account trades.
  if (!liquidation) countExecution(account, number, (flags & FLAG_ORDER_NAMED) != 0, load<u64>(input, INPUT_FINGERPRINT));
  return true;
}

function heldQuantity(account: u32, number: u32): i64 {
  const slot = findPosition(account, number);
  return slot == NONE ? 0 : load<i64>(positionAt(slot), POSITION_QUANTITY);
}

function applyCommand(input: usize, kind: u8, account: u32, number: u32, timeUs: i64): bool {
  if (kind == ACCOUNT_OPENED) return openNewAccount(input, account, timeUs);
  if (!accountKnown(account)) return refuse(ACCOUNT_UNKNOWN, 0, 0);
  const transfer = kind == DEPOSITED || kind == WITHDRAWN;
  if (isVenueAccount(account) && !(account == VENUE_INSURANCE && transfer)) return refuse(ACCOUNT_RESERVED, 0, 0);
  if (!isNew(input, timeUs)) return false;
  const hold = isHoldKind(kind);
  const named = kind == HOLD_PLACED || (!hold && !transfer && !concernsAccount(input, kind));
  if (named && !instrumentKnown(number)) return refuse(INSTRUMENT_UNKNOWN, 0, 0);
  rememberInput(input, timeUs);
  if (hold) return applyHold(input, kind, account);
  return transfer ? transferMoney(input, kind, account) : choose(input, kind, account, number);
}

/** A margin mode without an instrument is the account's own. */
@inline
function concernsAccount(input: usize, kind: u8): bool {
  return kind == MARGIN_MODE_SET && load<u8>(input, INPUT_LIQUIDITY) == 0;
}

function openNewAccount(input: usize, account: u32, timeUs: i64): bool {
  if (isVenueAccount(account)) return refuse(ACCOUNT_RESERVED, 0, 0);
  if (!isNew(input, timeUs)) return false;
  rememberInput(input, timeUs);
  if (accountKnown(account)) return refuse(ACCOUNT_EXISTS, 0, 0);
  const mode = load<u8>(input, INPUT_CHOICE);
  if (mode == MODE_PORTFOLIO) {
    const regime = load<u32>(input, INPUT_CURRENCY);
    if (!regimeApplies(regime)) return refuse(REGIME_UNKNOWN, 0, 0);
  } else if (mode != MODE_ISOLATED && mode != MODE_CROSS) return refuse(MODE_UNKNOWN, mode, 0);
  const opened = openAccount(mode);
  if (opened == NONE) return refuse(CAPACITY, 0, 0);
  if (mode == MODE_PORTFOLIO) store<u32>(accountAt(opened), load<u32>(input, INPUT_CURRENCY), ACCOUNT_REGIME);
  attribute(opened);
  return true;
}

function transferMoney(input: usize, kind: u8, account: u32): bool {
  const currency = load<u32>(input, INPUT_CURRENCY);
  if (currency >= load<u32>(header, HEADER_CURRENCIES)) return refuse(CURRENCY_UNKNOWN, 0, 0);
  if (!poolFits(account, currency)) return refuse(CAPACITY, 0, 0);
  return kind == DEPOSITED ? deposit(account, currency, first(input)) : withdraw(account, currency, first(input));
}

function choose(input: usize, kind: u8, account: u32, number: u32): bool {
  const mode = load<u8>(input, INPUT_CHOICE);
  const forAccount = concernsAccount(input, kind);
  if (!forAccount && load<u8>(instrumentAt(number), SETTLED)) return refuse(INSTRUMENT_SETTLED, 0, 0);
  if (forAccount) return changeAccountMode(account, mode, load<u32>(input, INPUT_CURRENCY));
  if (kind == MARGIN_MODE_SET && mode != MODE_ISOLATED && mode != MODE_CROSS) return refuse(MODE_UNKNOWN, mode, 0);
  if (isOption(instrumentAt(number)) && mode == MODE_ISOLATED) return refuse(REGIME_NEEDED, 0, 0);
  if (kind == COLLATERAL_MOVED) return moveCollateral(account, number, first(input));
  if (kind == LEVERAGE_SET && !checkLeverage(number, first(input))) return false;
  if (!positionFits(account, number)) return refuse(CAPACITY, 0, 0);
  const slot = takePosition(account, number);
  return kind == MARGIN_MODE_SET ? changeMode(slot, mode) : changeLeverage(slot, <u32>first(input));
}

function applyMarket(input: usize, kind: u8, number: u32, timeUs: i64): bool {
  if (kind == INDEX_PRICE_SET) return setIndexPrice(load<u32>(input, INPUT_CURRENCY), first(input), timeUs);
  if (!instrumentKnown(number)) return refuse(INSTRUMENT_UNKNOWN, 0, 0);
  if (kind == MARK_PRICE_SET) {
    return setMark(number, first(input), timeUs, load<u8>(input, INPUT_FLAGS), blobOf(input));
  }
  if (kind == FUNDING_APPLIED) return applyFunding(number, first(input), timeUs);
  if (kind == INSTRUMENT_SETTLED_KIND) {
    if (!settleInstrument(number, first(input), load<i64>(input, INPUT_SECOND))) return false;
    endHoldsIn(number);
    return true;
  }
  return refuse(FIELD_MISSING, 0, 0);
}
