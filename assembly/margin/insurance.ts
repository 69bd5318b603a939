// MAR-025: what the insurance fund bears.

import { creditVenue } from "../accounts/holdings";
import { BASIS_COUNTED, INSURANCE_PAID, NONE, POOL_ACCOUNT, POOL_BALANCE, POOL_BASIS, POOL_CURRENCY, VENUE_INSURANCE } from "../memory/layout";
import { emit, setValue } from "../memory/outputs";
import { poolAt } from "../memory/tables";

/** Pays a balance below zero up to zero, for a pool that has no open cross position left. */
export function coverPool(slot: u32): void {
  const pool = poolAt(slot);
  const balance = load<i64>(pool, POOL_BALANCE);
  // What a portfolio owes in one currency, it may own in another.
  if (balance >= 0 || load<u8>(pool, POOL_BASIS) == BASIS_COUNTED) return;
  const currency = load<u32>(pool, POOL_CURRENCY);
  creditVenue(VENUE_INSURANCE, currency, balance);
  store<i64>(pool, 0, POOL_BALANCE);
  reportInsurance(load<u32>(pool, POOL_ACCOUNT), NONE, currency, 0 - balance);
}

/** @param instrument of the isolated position whose loss it was, NONE for a pool */
export function reportInsurance(account: u32, instrument: u32, currency: u32, amount: i64): void {
  setValue(emit(INSURANCE_PAID, account, instrument, currency), 0, amount);
}
