// What an account's resting orders add to what the controls count. This engine holds no orders yet: all of it is zero.
// Whoever keeps orders answers here; NONE in place of an instrument asks for all of them.

/** How many orders of the account rest in the instrument. */
export function openOrders(account: u32, instrument: u32): u32 {
  return 0;
}

/** Quantity of one side that rests in the instrument. */
export function openQuantity(account: u32, instrument: u32, side: u8): i64 {
  return 0;
}

/** Notional of both sides that rests in the instrument, in its settlement currency. */
export function openNotional(account: u32, instrument: u32): i64 {
  return 0;
}

/** Notional of both sides in all instruments that settle in the currency. */
export function openNotionalIn(account: u32, currency: u32): i64 {
  return 0;
}
