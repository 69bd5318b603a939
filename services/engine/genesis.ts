import { type Capacities, DEFAULT_HOLDS } from "../kernel/kernel.ts";
import type { MarketDocument } from "../markets/market.ts";
import type { EngineInput, PlacedInput } from "./engineInput.ts";

/** Room of a shard that says nothing else: a million fills of memory for duplicates, and tables of about 70 MB. */
export const DEFAULT_CAPACITIES: Capacities = {
  accounts: 1 << 16,
  pools: 1 << 17,
  positions: 1 << 18,
  instruments: 1 << 10,
  identities: 1 << 20,
  holds: 1 << 16,
};

/** The first events of a shard: its capacities, then the market it serves. After this the market document is never read. */
export function genesis(shard: string, capacities: Capacities, market: MarketDocument): PlacedInput[] {
  const inputs: EngineInput[] = [
    {
      kind: "shardOpened",
      shard: {
        shard,
        accountCapacity: capacities.accounts,
        poolCapacity: capacities.pools,
        positionCapacity: capacities.positions,
        instrumentCapacity: capacities.instruments,
        identityCapacity: capacities.identities,
        holdCapacity: capacities.holds ?? DEFAULT_HOLDS,
      },
    },
    ...market.currencies.map((currency): EngineInput => ({ kind: "currencyListed", currency })),
    ...market.marginTables.map(
      (table): EngineInput => ({
        kind: "marginTableSet",
        table: { marginTable: 0, name: table.name, regime: table.regime, tiers: [...table.tiers] },
      }),
    ),
    ...market.scenarioGrids.map(
      (grid): EngineInput => ({
        kind: "scenarioGridSet",
        grid: { scenarioGrid: 0, name: grid.name, regime: grid.regime, movesE9: [...grid.movesE9] },
      }),
    ),
    ...market.instruments.map(
      ({ name, listing }): EngineInput => ({
        kind: "market",
        event: { instrument: name, eventTimeUs: 0n, event: { $case: "listing", value: listing } },
      }),
    ),
    ...(market.regimes ?? []).map(
      ({ name, text, effectiveUs }): EngineInput => ({
        kind: "market",
        event: {
          instrument: name,
          eventTimeUs: 0n,
          event: { $case: "regime", value: { document: text, effectiveTimeUs: effectiveUs } },
        },
      }),
    ),
  ];
  return inputs.map(ownInput);
}

/** An input that the engine makes itself: it comes from no source and carries no event time. */
export function ownInput(input: EngineInput): PlacedInput {
  return { span: 0, offset: 0, eventTimeUs: 0, input };
}
