import { doubt } from "./doubt.ts";
import type { Machine } from "./machine.ts";
import type { RecordedNames } from "./names.ts";

export interface Money {
  /** Of each currency, in its units (MAR-026). The difference is what is missing or too much: zero, unless a side of a trade never came. */
  readonly currencies: readonly { currency: string; scale: number; deposits: bigint; difference: bigint }[];
  /** Whether the quantities of every instrument sum to zero: both sides of every trade are there. */
  readonly quantitiesCancel: boolean;
}

const VENUE_TRANSFERS = 3;

/**
 * Adds up the records of pools and positions.
 * @throws VerificationError when money is not conserved though both sides of every open trade are there
 */
export function addUp(machine: Machine, names: RecordedNames): Money {
  const { pools, positions } = machine.layout;
  const currencies = names.currencies.values.map(({ name, scale }) => {
    return { currency: name, scale, deposits: 0n, difference: 0n };
  });
  const quantities = names.instruments.values.map(() => 0n);
  for (const record of machine.records(pools)) {
    const sum = currencies[record.getUint32(pools.currency, true)]!;
    const balance = record.getBigInt64(pools.balance, true);
    // What the venue's transfers owe was paid in, so everything held and everything paid in cancel.
    if (record.getUint32(pools.account, true) === VENUE_TRANSFERS) sum.deposits -= balance;
    sum.difference += balance;
  }
  for (const record of machine.records(positions)) {
    const instrument = record.getUint32(positions.instrument, true);
    const sum = currencies[names.instruments.values[instrument]!.currency]!;
    sum.difference += record.getBigInt64(positions.posted, true) - record.getBigInt64(positions.entryCost, true);
    quantities[instrument]! += record.getBigInt64(positions.quantity, true);
  }
  const quantitiesCancel = quantities.every((quantity) => quantity === 0n);
  const lost = currencies.find(({ difference }) => difference !== 0n);
  if (lost === undefined || !quantitiesCancel) return { currencies, quantitiesCancel };
  throw doubt("money", `${lost.currency}: ${lost.difference} units are not accounted for (MAR-026)`);
}
