// Controls of the gate: what a venue or its regulator sets beside margin. None is set yet: every order passes.

/**
 * Asked at one place, after the format of an order and before its margin.
 * @param reduces whether the order only reduces a position
 * @returns 0, or the refusal
 */
export function checkControls(
  account: u32, instrument: u32, side: u8, quantity: i64, price: i64, priced: bool, reduces: bool,
): u8 {
  return 0;
}
