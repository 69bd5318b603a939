// One order that is looked at beside those that rest, and one that rests but is left out because it is to be changed.

import { NONE } from "../memory/layout";

export let extraInstrument: u32 = NONE;
export let extraSide: u8 = 0;
export let extraFlags: u8 = 0;
export let extraQuantity: i64 = 0;
export let extraPrice: i64 = 0;
export let leftOut: u32 = NONE;

export function addOrder(instrument: u32, side: u8, flags: u8, quantity: i64, price: i64): void {
  extraInstrument = instrument;
  extraSide = side;
  extraFlags = flags;
  extraQuantity = quantity;
  extraPrice = price;
}

export function leaveOut(hold: u32): void {
  leftOut = hold;
}

/** Only what rests counts again. */
export function restingOnly(): void {
  extraInstrument = NONE;
  leftOut = NONE;
}
