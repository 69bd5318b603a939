// Numbers of names: of underlyings, of currencies that have an index price. What a name is stands outside the kernel.

import { CURRENCY_KEY, HEADER_CURRENCIES, HEADER_KEYS, NONE } from "./layout";
import { currencyAt, header } from "./tables";

/** Names get their numbers in the order in which they come up; an index price can be kept for each. */
export function noteKey(key: u32): void {
  if (key != NONE && key >= load<u32>(header, HEADER_KEYS)) store<u32>(header, key + 1, HEADER_KEYS);
}

/** The listed currency of a name's number, NONE when there is none. */
export function currencyOfKey(key: u32): u32 {
  const count = load<u32>(header, HEADER_CURRENCIES);
  for (let currency: u32 = 0; currency < count; currency++) {
    if (load<u32>(currencyAt(currency), CURRENCY_KEY) == key) return currency;
  }
  return NONE;
}
