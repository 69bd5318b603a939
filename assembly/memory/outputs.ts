// What an input led to: one slot for the input itself, then one for each consequence. Journal positions are given here, so
// the kernel decides the order of the journal.

import { APPLIED } from "./codes";
import {
  BOOKKEEPING_NEXT_POSITION, BOOKKEEPING_REFUSALS, NONE, OUTPUT_ACCOUNT, OUTPUT_CODE, OUTPUT_CURRENCY, OUTPUT_FROM_STATE,
  OUTPUT_INPUT, OUTPUT_INSTRUMENT, OUTPUT_ISOLATED, OUTPUT_KIND, OUTPUT_POSITION, OUTPUT_PREVIOUS, OUTPUT_SIZE,
  OUTPUT_TO_STATE, OUTPUT_VALUES,
} from "./layout";
import { accountHeadAt, bookkeeping, outputs } from "./tables";

/** Slots written since the start of the call. */
export let written: u32 = 0;
/** The slot of the input under way. */
let own: usize = 0;
let inputIndex: u32 = 0;

export function restartOutputs(): void {
  written = 0;
}

/** Opens the slot of an input; `account` may be NONE. */
export function openOutput(input: u32, kind: u8, account: u32, instrument: u32): void {
  inputIndex = input;
  own = emit(kind, account, instrument, NONE);
}

/** Adds a consequence. @returns its slot, for the values */
export function emit(kind: u8, account: u32, instrument: u32, currency: u32): usize {
  const slot = outputs + <usize>written * OUTPUT_SIZE;
  written++;
  memory.fill(slot, 0, OUTPUT_SIZE);
  const position = load<i64>(bookkeeping, BOOKKEEPING_NEXT_POSITION);
  store<i64>(bookkeeping, position + 1, BOOKKEEPING_NEXT_POSITION);
  store<u8>(slot, kind, OUTPUT_KIND);
  store<u32>(slot, inputIndex, OUTPUT_INPUT);
  store<u32>(slot, account, OUTPUT_ACCOUNT);
  store<u32>(slot, instrument, OUTPUT_INSTRUMENT);
  store<u32>(slot, currency, OUTPUT_CURRENCY);
  store<i64>(slot, position, OUTPUT_POSITION);
  if (account != NONE) link(slot, account);
  return slot;
}

/** Puts the slot at the head of its account's chain of events. */
function link(slot: usize, account: u32): void {
  const head = accountHeadAt(account);
  store<i64>(slot, load<i64>(head), OUTPUT_PREVIOUS);
  store<i64>(head, load<i64>(slot, OUTPUT_POSITION));
}

/** A newly opened account's first event is its own opening. */
export function attribute(account: u32): void {
  store<u32>(own, account, OUTPUT_ACCOUNT);
  link(own, account);
}

export function setValue(slot: usize, index: u32, value: i64): void {
  store<i64>(slot + OUTPUT_VALUES + <usize>index * 8, value);
}

/** Journal position of the input under way. */
export function ownPosition(): i64 {
  return load<i64>(own, OUTPUT_POSITION);
}

/** Value `index` of the input's own slot. */
export function answerValue(index: u32, value: i64): void {
  setValue(own, index, value);
}

export function answerInstrument(instrument: u32): void {
  store<u32>(own, instrument, OUTPUT_INSTRUMENT);
}

export function answerCurrency(currency: u32): void {
  store<u32>(own, currency, OUTPUT_CURRENCY);
}

export function setStates(slot: usize, from: u8, to: u8, isolated: bool): void {
  store<u8>(slot, from, OUTPUT_FROM_STATE);
  store<u8>(slot, to, OUTPUT_TO_STATE);
  store<u32>(slot, isolated ? 1 : 0, OUTPUT_ISOLATED);
}

/** The input is not applied: `value` broke `limit`. @returns false, to be returned by the caller */
export function refuse(code: u8, value: i64, limit: i64): bool {
  store<u8>(own, code, OUTPUT_CODE);
  answerValue(0, value);
  answerValue(1, limit);
  const counter = bookkeeping + BOOKKEEPING_REFUSALS + <usize>code * 8;
  store<i64>(counter, load<i64>(counter) + 1);
  return false;
}

export function refusedWith(): u8 {
  return load<u8>(own, OUTPUT_CODE);
}

export function wasApplied(): bool {
  return refusedWith() == APPLIED;
}
