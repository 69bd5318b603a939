import { doubt } from "./doubt.ts";
import type { Machine } from "./machine.ts";
import type { RecordedNames } from "./names.ts";

/** Where the money of a currency is, in its units (MAR-026). */
interface CurrencySum {
  readonly currency: string;
  readonly scale: number;
  readonly deposits: bigint;
  /** What is missing or too much: zero, unless one side of a trade never came. */
  readonly difference: bigint;
}

export interface Money {
  readonly currencies: readonly CurrencySum[];
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
  const held = names.currencies.values.map(() => 0n);
  const deposits = names.currencies.values.map(() => 0n);
  const quantities = names.instruments.values.map(() => 0n);
  for (const record of machine.records(pools)) {
    const currency = record.getUint32(pools.currency, true);
    const balance = record.getBigInt64(pools.balance, true);
    if (record.getUint32(pools.account, true) === VENUE_TRANSFERS) deposits[currency]! -= balance;
    else held[currency]! += balance;
  }
  for (const record of machine.records(positions)) {
    const instrument = record.getUint32(positions.instrument, true);
    const { currency } = names.instruments.values[instrument]!;
    held[currency]! += record.getBigInt64(positions.posted, true) - record.getBigInt64(positions.entryCost, true);
    quantities[instrument]! += record.getBigInt64(positions.quantity, true);
  }
  const currencies = names.currencies.values.map(({ name, scale }, currency): CurrencySum => {
    const paid = deposits[currency]!;
    return { currency: name, scale, deposits: paid, difference: held[currency]! - paid };
  });
  const quantitiesCancel = quantities.every((quantity) => quantity === 0n);
  const lost = currencies.find(({ difference }) => difference !== 0n);
  if (lost === undefined || !quantitiesCancel) return { currencies, quantitiesCancel };
  throw doubt("money", `${lost.currency}: ${lost.difference} units are not accounted for (MAR-026)`);
}
