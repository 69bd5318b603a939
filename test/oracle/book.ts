import type { MarginModeNumber, MarginStateNumber } from "../../services/kernel/views.ts";

export const VENUE_FEES = "venue:fees";
export const VENUE_INSURANCE = "venue:insurance";
export const VENUE_ROUNDING = "venue:rounding";
export const VENUE_TRANSFERS = "venue:transfers";
/** In the order of their account numbers. */
export const VENUE_ACCOUNTS: readonly string[] = [VENUE_FEES, VENUE_INSURANCE, VENUE_ROUNDING, VENUE_TRANSFERS];

export interface Position {
  readonly instrument: string;
  readonly currency: string;
  mode: MarginModeNumber;
  leverageE2: bigint;
  quantity: bigint;
  entryCost: bigint;
  posted: bigint;
  realisedProfit: bigint;
  fees: bigint;
  funding: bigint;
  state: MarginStateNumber;
}

export interface Pool {
  balance: bigint;
  state: MarginStateNumber;
}

export interface Account {
  readonly name: string;
  mode: MarginModeNumber;
  state: MarginStateNumber;
  stateSinceUs: bigint;
  quarantined: boolean;
  /** By currency. */
  readonly pools: Map<string, Pool>;
  /** By instrument. */
  readonly positions: Map<string, Position>;
}

export interface InstrumentState {
  settled: boolean;
  mark: bigint | undefined;
  markTimeUs: bigint;
  heldPrice: bigint | undefined;
  heldTimeUs: bigint;
  heldCount: number;
  /** Undefined before the first funding. */
  fundingTimeUs: bigint | undefined;
}

/** All that inputs change; plain data, so that `structuredClone` makes a book to try an input on. */
export interface Book {
  timeUs: bigint;
  /** In the order of account numbers. */
  readonly accounts: Map<string, Account>;
  readonly instruments: Map<string, InstrumentState>;
}

export function newAccount(name: string, mode: MarginModeNumber, timeUs: bigint): Account {
  return { name, mode, state: 1, stateSinceUs: timeUs, quarantined: false, pools: new Map(), positions: new Map() };
}

export function newInstrumentState(): InstrumentState {
  return {
    settled: false,
    mark: undefined,
    markTimeUs: 0n,
    heldPrice: undefined,
    heldTimeUs: 0n,
    heldCount: 0,
    fundingTimeUs: undefined,
  };
}

export function balanceOf(account: Account, currency: string): bigint {
  return account.pools.get(currency)?.balance ?? 0n;
}

/** The account's pool in a currency, opened empty and healthy at its first use. */
export function poolOf(account: Account, currency: string): Pool {
  let pool = account.pools.get(currency);
  if (pool === undefined) {
    pool = { balance: 0n, state: 1 };
    account.pools.set(currency, pool);
  }
  return pool;
}

export function credit(book: Book, account: string, currency: string, amount: bigint): void {
  poolOf(accountOf(book, account), currency).balance += amount;
}

/** @throws Error for a name that was never opened: callers check it first */
export function accountOf(book: Book, name: string): Account {
  const account = book.accounts.get(name);
  if (account === undefined) throw new Error(`account ${name} was never opened`);
  return account;
}

/** @throws Error for a name that was never listed: callers check it first */
export function instrumentOf(book: Book, name: string): InstrumentState {
  const instrument = book.instruments.get(name);
  if (instrument === undefined) throw new Error(`instrument ${name} was never listed`);
  return instrument;
}
