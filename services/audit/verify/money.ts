import { VerificationError } from "./doubt.ts";
import type { Machine } from "./machine.ts";
import type { RecordedNames } from "./names.ts";

export interface Money {
  /**
   * Where the money of each currency is, in its units (MAR-026). The difference is what is missing or too much: zero, unless one
   * side of a trade never came.
   */
  readonly currencies: readonly {
    readonly currency: string;
    readonly scale: number;
    readonly deposits: bigint;
    readonly difference: bigint;
  }[];
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
  for (const record of records(machine.table(pools.table), pools.size)) {
    const currency = record.getUint32(pools.currency, true);
    const balance = record.getBigInt64(pools.balance, true);
    if (record.getUint32(pools.account, true) === VENUE_TRANSFERS) deposits[currency]! -= balance;
    else held[currency]! += balance;
  }
  for (const record of records(machine.table(positions.table), positions.size)) {
    const instrument = record.getUint32(positions.instrument, true);
    const { currency } = names.instruments.values[instrument]!;
    held[currency]! += record.getBigInt64(positions.posted, true) - record.getBigInt64(positions.entryCost, true);
    quantities[instrument]! += record.getBigInt64(positions.quantity, true);
  }
  const currencies = names.currencies.values.map(({ name, scale }, currency) => {
    const paid = deposits[currency]!;
    return { currency: name, scale, deposits: paid, difference: held[currency]! - paid };
  });
  const quantitiesCancel = quantities.every((quantity) => quantity === 0n);
  const lost = currencies.find(({ difference }) => difference !== 0n);
  if (lost === undefined || !quantitiesCancel) return { currencies, quantitiesCancel };
  const reason = `${lost.currency}: ${lost.difference} units are not accounted for (MAR-026)`;
  throw new VerificationError("money", reason);
}

function* records(table: Uint8Array, size: number): Generator<DataView> {
  for (let at = 0; at + size <= table.length; at += size) {
    yield new DataView(table.buffer, table.byteOffset + at, size);
  }
}
