// Questions asked backwards (MAR-038 to MAR-040): the kernel searches one instrument or one direction, the choice among
// them is made here.

import { CHECK_BINDING, ORDER_PRICED } from "../../assembly/memory/layout.ts";
import { bindingName } from "../kernel/bindingName.ts";
import type { KernelReader } from "../kernel/reader.ts";
import type { Names } from "./names.ts";
import type { Cure, LargestOrder, LargestOrderQuestion, LiquidationMoves } from "./riskEngine.ts";
import type { Shard } from "./shard.ts";

const NO_MOVE = 2n ** 63n - 1n;
const SIDES = [1, 2] as const;

/** MAR-038. */
export function largestOrder({ kernel }: Shard, question: LargestOrderQuestion): LargestOrder {
  const { account, instrument, side, price } = question;
  const flags = price === undefined ? 0 : ORDER_PRICED;
  const quantity = kernel.exports.largestOrder(account, instrument, side, flags, price ?? 0n);
  return { quantity, binding: bindingName(Number(kernel.answers()[CHECK_BINDING])) };
}

/** MAR-039: reductions of what is held, and hedges on the same underlyings; the cheapest by its fee. */
export function cheapestCure({ kernel, reader, names }: Shard, account: number): Cure | undefined {
  let cheapest: (Cure & { readonly worth: number }) | undefined;
  for (const instrument of candidates(reader, names, account)) {
    for (const side of SIDES) {
      const quantity = kernel.exports.cureQuantity(account, instrument, side);
      if (quantity === 0n) continue;
      const cost = kernel.answers()[0]!;
      const worth = worthOf(reader, names, instrument, cost);
      if (cheapest === undefined || worth < cheapest.worth) cheapest = { instrument, side, quantity, cost, worth };
    }
  }
  if (cheapest === undefined) return undefined;
  const { worth: _, ...cure } = cheapest;
  return cure;
}

/** In order of their numbers: what the account holds, and all else that follows the same indices. */
function candidates(reader: KernelReader, names: Names, account: number): number[] {
  const held = reader.account(account).positions.filter(({ quantity }) => quantity !== 0n);
  const numbers = new Set(held.map(({ instrument }) => instrument));
  const underlyings = new Set(held.map(({ instrument }) => names.instruments[instrument]!.listing.underlying));
  return names.instruments.flatMap(({ listing }, number) => {
    const hedge = listing.underlying !== undefined && underlyings.has(listing.underlying);
    return numbers.has(number) || hedge ? [number] : [];
  });
}

/** Fees in different currencies are compared by their index prices; a currency without one counts as 1. */
function worthOf(reader: KernelReader, names: Names, instrument: number, cost: bigint): number {
  const { name, scale } = names.currencies[names.instruments[instrument]!.currency]!;
  const key = names.key(name);
  const priceE8 = key === undefined ? undefined : reader.indexPriceE8(key);
  return (Number(cost) / 10 ** scale) * (Number(priceE8 ?? 100_000_000n) / 1e8);
}

/** MAR-040. */
export function liquidationMoves({ kernel, names }: Shard, account: number, underlying: string): LiquidationMoves {
  const key = names.key(underlying);
  if (key === undefined) return { up: undefined, down: undefined };
  const [up, down] = [1, 0].map((rises) => kernel.exports.liquidationMove(account, key, rises));
  return { up: up === NO_MOVE ? undefined : up, down: down === NO_MOVE ? undefined : down };
}
