// MAR-018: the mark at which a position's pool, or the isolated position, would be liquidating or bankrupt.
//
// A search over whole price units on the very functions that live margin uses, so the answer is exact by construction, in
// whatever tier it lands. Equity less maintenance margin never falls as a long's mark rises: value moves at least as
// much as its requirement, because rates are at most 1 and tiers are continuous.

import { maintenanceMargin, notionalOf, valueOf } from "./contracts";
import { isCross } from "../accounts/holdings";
import {
  INSTRUMENT_NON_POSITIVE, INSTRUMENT_PRICE_LIMIT, POOL_MM, POSITION_ENTRY_COST, POSITION_INSTRUMENT, POSITION_MM,
  POSITION_POOL, POSITION_QUANTITY,
} from "../memory/layout";
import { isolatedEquity, poolEquity, profitOf } from "./margin";
import { instrumentAt, poolAt, positionAt } from "../memory/tables";
import { inPortfolio } from "../accounts/touched";

/** "No mark does it." */
export const NO_PRICE: i64 = i64.MIN_VALUE;

export function criticalPrice(slot: u32, bankruptcy: bool): i64 {
  const position = positionAt(slot);
  const quantity = load<i64>(position, POSITION_QUANTITY);
  // One price decides nothing in a portfolio.
  if (quantity == 0 || inPortfolio(position)) return NO_PRICE;
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  // What does not depend on this position's mark.
  let rest = (isCross(position) ? poolEquity(pool) : isolatedEquity(position)) - profitOf(position);
  if (!bankruptcy && isCross(position)) rest -= load<i64>(pool, POOL_MM) - load<i64>(position, POSITION_MM);
  rest -= load<i64>(position, POSITION_ENTRY_COST);

  const limit = load<i64>(instrument, INSTRUMENT_PRICE_LIMIT);
  let low: i64 = load<u8>(instrument, INSTRUMENT_NON_POSITIVE) ? 0 - limit : 1;
  let high = limit;
  if (quantity > 0) {
    if (!fails(instrument, quantity, rest, low, bankruptcy)) return NO_PRICE;
    while (low < high) {
      const middle = low + (high - low + 1) / 2;
      if (fails(instrument, quantity, rest, middle, bankruptcy)) low = middle;
      else high = middle - 1;
    }
    return low;
  }
  if (!fails(instrument, quantity, rest, high, bankruptcy)) return NO_PRICE;
  while (low < high) {
    const middle = low + (high - low) / 2;
    if (fails(instrument, quantity, rest, middle, bankruptcy)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function fails(instrument: usize, quantity: i64, rest: i64, price: i64, bankruptcy: bool): bool {
  const value = valueOf(instrument, quantity, price);
  const required: i64 = bankruptcy ? 0 : maintenanceMargin(instrument, notionalOf(value));
  return rest + value < required;
}
