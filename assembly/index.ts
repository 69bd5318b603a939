// The kernel's exports, and nothing else. All state is in linear memory; `apply` is the only way to change it.

import { applyInput, inputAt } from "./inputs/inputs";
import { criticalPrice } from "./margin/liquidation";
import { endDeferral, setReplay as setReplayMode, valueAccount, valueAll } from "./margin/deferral";
import { indexIdentities } from "./accounts/identities";
import {
  BOOKKEEPING_NEXT_POSITION, FILL_APPLIED, HEADER_FIRST_EXPIRY, HEADER_HOLDS, HEADER_INSTRUMENTS, HEADER_JUDGED_POOLS,
  HEADER_OVERRIDES, HEADER_TIMED_HOLDS, HOLD_EXPIRY, INPUT_INSTRUMENT, INPUT_KIND, INPUT_TIME, INSTRUMENT_HOLDERS,
  INSTRUMENT_SETTLED_KIND, LAYOUT_VERSION, NONE,
} from "./memory/layout";
import { cureOf, failingMove, largest } from "./gate/inverse";
import { indexLimits } from "./accounts/limits";
import { reservedOfPool } from "./gate/orderMargin";
import { decide } from "./gate/orders";
import { restartOutputs, written } from "./memory/outputs";
import { evaluate } from "./regime/machine";
import { install, programsRestored } from "./regime/programs";
import { arena, chooseRegions, directory, layOutRegions, programBytes, useMainDesk, writeDirectory } from "./regime/regions";
import { addressOf, answer, blob, bookkeeping, header, holdAt, inputs, instrumentAt, layOut, outputCapacity, outputs, usedBytes } from "./memory/tables";

export function layoutVersion(): i32 {
  return LAYOUT_VERSION;
}

/**
 * How much room margin regimes get: bytes of the program store, of the arena and of the market store, positions and orders of
 * a book. Called before `configure`, or not at all: then there is none.
 */
export function configureRegimes(programs: u32, arenaBytes: u32, positions: u32, orders: u32, market: u32): void {
  chooseRegions(programs, arenaBytes, positions, orders, market);
}

/** Lays out the tables for these capacities in zeroed memory. @returns the bytes that the memory must have */
export function configure(
  accountCapacity: u32, poolCapacity: u32, positionCapacity: u32, instrumentCapacity: u32, identityCapacity: u32,
  holdCapacity: u32,
): u32 {
  const tablesEnd = layOut(
    accountCapacity, poolCapacity, positionCapacity, instrumentCapacity, identityCapacity, holdCapacity, programBytes,
  );
  const bytes = <u32>layOutRegions(tablesEnd);
  if (bytes > <u32>memory.size() * 65536) return bytes;
  store<i64>(bookkeeping, 1, BOOKKEEPING_NEXT_POSITION);
  writeDirectory();
  return bytes;
}

let consumed: u32 = 0;

/**
 * Applies input slots 0 .. count-1 in order, as many as the output slots surely hold.
 * @returns output slots written; `appliedInputs` says how many inputs they stand for
 */
export function apply(count: u32): u32 {
  restartOutputs();
  consumed = 0;
  while (consumed < count && written + mostOutputs(consumed) <= outputCapacity) {
    applyInput(consumed);
    consumed++;
  }
  return written;
}

/**
 * A mark, funding or a settlement can speak of every holder three times; anything else says at most eight things. Any
 * input can bring the time from which a regime applies, and then speaks of every account that a regime margins, and the
 * time at which holds and overrides expire.
 */
function mostOutputs(index: u32): u32 {
  const input = inputAt(index);
  const expiring = mayExpire(load<i64>(input, INPUT_TIME));
  const most = 9 + 2 * load<u32>(header, HEADER_JUDGED_POOLS) + load<u32>(header, HEADER_OVERRIDES);
  if (load<u8>(input, INPUT_KIND) <= FILL_APPLIED) return most + expiring;
  const instrument = load<u32>(input, INPUT_INSTRUMENT);
  if (instrument >= load<u32>(header, HEADER_INSTRUMENTS)) return most + expiring;
  // Each ends once, by its time or by the settlement.
  const settles = load<u8>(input, INPUT_KIND) == INSTRUMENT_SETTLED_KIND;
  const ending = settles ? load<u32>(header, HEADER_HOLDS) : expiring;
  return most + ending + 3 * load<u32>(instrumentAt(instrument), INSTRUMENT_HOLDERS);
}

function mayExpire(timeUs: i64): u32 {
  const first = load<u32>(header, HEADER_FIRST_EXPIRY);
  if (first == NONE || timeUs < load<i64>(holdAt(first), HOLD_EXPIRY)) return 0;
  return load<u32>(header, HEADER_TIMED_HOLDS);
}

export function appliedInputs(): u32 {
  return consumed;
}

export function inputAddress(): usize {
  return inputs;
}

export function blobAddress(): usize {
  return blob;
}

export function outputAddress(): usize {
  return outputs;
}

export function answerAddress(): usize {
  return answer;
}

export function tableAddress(table: i32): usize {
  return addressOf(table);
}

export function tableUsed(table: i32): u32 {
  return usedBytes(table);
}

/** After a snapshot was copied into the tables. */
export function restored(): void {
  endDeferral();
  indexIdentities();
  indexLimits();
  programsRestored();
}

/** How the host replays from here on: REPLAY_* of layout.ts. It changes no state that is asked for, only when it is computed. */
export function setReplay(flags: u32): void {
  setReplayMode(flags);
}

/** Before an account is read: does what a replay put off for it; NONE for every account. */
export function settleMarks(account: u32): void {
  if (account == NONE) valueAll();
  else valueAccount(account);
}

/**
 * Forgets what is kept beside the state to be quick: books that stay, what was found for instruments and programs. No answer
 * changes by it.
 */
export function forgetComputed(): void {
  programsRestored();
}

/** MAR-018, in price units; the smallest i64 when no mark does it. */
export function liquidationPrice(position: u32): i64 {
  return criticalPrice(position, false);
}

export function bankruptcyPrice(position: u32): i64 {
  return criticalPrice(position, true);
}

/**
 * MAR-024. The answer stands at `answerAddress`. `flags`: ORDER_PRICED, ORDER_REDUCE_ONLY. `lagUs`: how far the engine lies
 * behind its feed when that is beyond `lagBoundUs`, else 0 (CTL-015).
 */
export function checkOrder(
  account: u32, instrument: u32, side: u32, quantity: i64, flags: u32, price: i64, lagUs: i64, lagBoundUs: i64,
): void {
  valueAccount(account);
  decide(account, instrument, <u8>side, quantity, <u8>flags, price, NONE, lagUs, lagBoundUs);
}

/** MAR-038. The answer stands at `answerAddress`: why one lot more does not pass. @returns quantity units */
export function largestOrder(account: u32, instrument: u32, side: u32, flags: u32, price: i64): i64 {
  valueAccount(account);
  return largest(account, instrument, <u8>side, <u8>flags, price);
}

/** MAR-039. @returns quantity units, 0 for none; the fee stands at `answerAddress` */
export function cureQuantity(account: u32, instrument: u32, side: u32): i64 {
  valueAccount(account);
  return cureOf(account, instrument, <u8>side);
}

/** MAR-040. @returns millionths, the largest i64 for none */
export function liquidationMove(account: u32, key: u32, up: u32): i64 {
  valueAccount(account);
  return failingMove(account, key, up != 0);
}

/** What orders reserve of a pool, in units of its currency (MAR-033 to MAR-035). */
export function reservedOf(pool: u32): i64 {
  return reservedOfPool(pool);
}

/** Where a book is filled and read: see regime/format.ts. */
export function regimeDirectory(): usize {
  useMainDesk();
  return directory;
}

/** Installs the program whose bytes stand at the start of the arena. @returns REGIME_DONE, or why not */
export function installProgram(slot: u32, bytes: u32): u32 {
  useMainDesk();
  return install(slot, arena, bytes);
}

/** Margins the book that was filled. @returns REGIME_DONE, or the code of the refusal */
export function evaluateBook(slot: u32, what: u32): u32 {
  useMainDesk();
  return evaluate(slot, what);
}
