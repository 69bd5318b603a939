// Marks that a replay puts off. Live, a mark values every holder again; what it leaves in a holder follows from the mark
// that stands alone, so a replay may value an account when it is next touched or asked about, to the same bits. Whose
// margin state a mark changed, the journal says: those are named with the mark, valued at once and judged as ever. What
// depends on the way there (a regime's verdict on a portfolio) is never put off. Nothing here is state of the shard.

import { findPosition, firstHolder } from "../accounts/holdings";
import { passIdentitiesOver } from "../accounts/identities";
import {
  ACCOUNT_FIRST_POSITION, ACCOUNT_OPENED, FUNDING_APPLIED, HEADER_ACCOUNTS, HEADER_INSTRUMENTS, INPUT_SECOND, INPUT_THIRD,
  INSTRUMENT_SETTLED_KIND, MARGIN_MODE_SET, MARK_PRICE_SET, NONE, POSITION_ACCOUNT, POSITION_INSTRUMENT, POSITION_NEXT,
  POSITION_NEXT_HOLDER, POSITION_POOL, POSITION_QUANTITY, REPLAY_DEFERS_MARKS, REPLAY_PASSES_IDENTITIES_OVER,
} from "../memory/layout";
import { attach, detach, gather, judgeChanged, revalueHolder } from "./margin";
import { isCross } from "../accounts/holdings";
import { revalueIsolated, revaluePool } from "./scenarios";
import { accountAt, blob, header, instrumentAt, markedAt, positionAt, valuedAt } from "../memory/tables";
import { isPortfolio } from "../accounts/touched";

let defers: bool = false;
/** Marks put off so far: the time of `markedAt` and `valuedAt`. It never goes back, so neither needs clearing for the other. */
let marks: u32 = 0;
/** Whether an account may be margined by a regime: holders must then be looked through at every mark. */
let portfolios: bool = false;
/** Accounts named with the mark under way, as u64s. */
let named: usize = 0;
let namedCount: u32 = 0;

/** Tables were restored: nothing is put off in them. */
export function endDeferral(): void {
  defers = false;
}

export function setReplay(flags: u32): void {
  valueAll();
  defers = (flags & REPLAY_DEFERS_MARKS) != 0;
  passIdentitiesOver((flags & REPLAY_PASSES_IDENTITIES_OVER) != 0);
  memory.fill(markedAt, 0, <usize>load<u32>(header, HEADER_INSTRUMENTS) << 2);
  portfolios = false;
  const count = load<u32>(header, HEADER_ACCOUNTS);
  for (let account: u32 = 0; account < count; account++) if (isPortfolio(account)) portfolios = true;
}

/** Values the accounts that an input is about to read. */
export function beforeInput(input: usize, kind: u8, account: u32, instrument: u32): void {
  if (!defers) return;
  if (kind == MARK_PRICE_SET) {
    named = blob + <usize>load<u64>(input, INPUT_SECOND);
    namedCount = <u32>load<u64>(input, INPUT_THIRD);
  } else if (kind == FUNDING_APPLIED || kind == INSTRUMENT_SETTLED_KIND) {
    if (instrument < load<u32>(header, HEADER_INSTRUMENTS)) valueHolders(instrument);
  } else {
    valueAccount(account);
  }
}

export function afterInput(kind: u8): void {
  if (!defers || portfolios || (kind != ACCOUNT_OPENED && kind != MARGIN_MODE_SET)) return;
  const count = load<u32>(header, HEADER_ACCOUNTS);
  for (let account: u32 = 0; account < count; account++) if (isPortfolio(account)) portfolios = true;
}

/** Brings what was put off up to date; an account that is not known, or in portfolio mode, has nothing put off. */
export function valueAccount(account: u32): void {
  if (!defers || account >= load<u32>(header, HEADER_ACCOUNTS)) return;
  const valued = valuedAt + ((<usize>account) << 2);
  const since = load<u32>(valued);
  if (since == marks) return;
  store<u32>(valued, marks);
  if (isPortfolio(account)) return;
  let pool: u32 = NONE;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    const mark = load<u32>(markedAt + ((<usize>load<u32>(position, POSITION_INSTRUMENT)) << 2));
    if (mark > since && load<i64>(position, POSITION_QUANTITY) != 0) {
      detach(position);
      attach(position);
      if (isCross(position)) {
        const own = load<u32>(position, POSITION_POOL);
        if (pool != NONE && pool != own) revaluePool(pool);
        pool = own;
      } else {
        revalueIsolated(slot);
      }
    }
    slot = load<u32>(position, POSITION_NEXT);
  }
  if (pool != NONE) revaluePool(pool);
}

export function valueAll(): void {
  if (!defers) return;
  const count = load<u32>(header, HEADER_ACCOUNTS);
  for (let account: u32 = 0; account < count; account++) valueAccount(account);
}

function valueHolders(number: u32): void {
  let slot = firstHolder(instrumentAt(number));
  while (slot != NONE) {
    valueAccount(load<u32>(positionAt(slot), POSITION_ACCOUNT));
    slot = load<u32>(positionAt(slot), POSITION_NEXT_HOLDER);
  }
}

/** A new mark stands. @returns false when the mode is off: every holder is then to be valued now */
export function putOff(number: u32): bool {
  if (!defers) return false;
  marks++;
  store<u32>(markedAt + ((<usize>number) << 2), marks);
  let changed: u32 = 0;
  let slot: u32 = portfolios ? firstHolder(instrumentAt(number)) : NONE;
  while (slot != NONE) {
    const position = positionAt(slot);
    if (isPortfolio(load<u32>(position, POSITION_ACCOUNT)) && revalueHolder(slot)) gather(changed++, position, slot);
    slot = load<u32>(position, POSITION_NEXT_HOLDER);
  }
  for (let at: u32 = 0; at < namedCount; at++) {
    const account = <u32>load<u64>(named + ((<usize>at) << 3));
    if (account >= load<u32>(header, HEADER_ACCOUNTS) || isPortfolio(account)) continue;
    // Named twice, it was judged before.
    if (load<u32>(valuedAt + ((<usize>account) << 2)) == marks) continue;
    valueAccount(account);
    const held = findPosition(account, number);
    if (held == NONE || load<i64>(positionAt(held), POSITION_QUANTITY) == 0) continue;
    if (revalueHolder(held)) gather(changed++, positionAt(held), held);
  }
  judgeChanged(changed);
  return true;
}
