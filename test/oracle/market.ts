import type { InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { ContractKind } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import type { Account, Position } from "./book.ts";
import { type Contract, unitFraction } from "./contract.ts";

/** What was listed. It only grows, by listings. */
export interface Market {
  readonly document: MarketDocument;
  readonly currencyScales: ReadonlyMap<string, number>;
  /** In the order of instrument numbers. */
  readonly contracts: Map<string, Contract>;
}

export function openMarket(document: MarketDocument): Market {
  const currencyScales = new Map(document.currencies.map((currency) => [currency.name, currency.scale]));
  const market: Market = { document, currencyScales, contracts: new Map() };
  for (const { name, listing } of document.instruments) market.contracts.set(name, contractOf(market, name, listing));
  return market;
}

/** @throws Error when the listing names a currency, margin table or scenario grid that is not there */
export function contractOf(market: Market, name: string, listing: InstrumentListing): Contract {
  const scale = market.currencyScales.get(listing.settlementCurrency);
  const table = market.document.marginTables.find((candidate) => candidate.name === listing.marginTable);
  const grid = market.document.scenarioGrids.find((candidate) => candidate.name === listing.scenarioGrid);
  if (scale === undefined || table === undefined || grid === undefined) {
    throw new Error(
      `${name}: ${listing.settlementCurrency}, ${listing.marginTable} or ${listing.scenarioGrid} unknown`,
    );
  }
  return {
    name,
    currency: listing.settlementCurrency,
    listing,
    inverse: listing.kind === ContractKind.INVERSE,
    k: unitFraction(listing, scale),
    tiers: table.tiers,
    movesE9: grid.movesE9,
  };
}

/** @throws Error for a name that was never listed: callers check it first */
export function contractNamed(market: Market, name: string): Contract {
  const contract = market.contracts.get(name);
  if (contract === undefined) throw new Error(`instrument ${name} was never listed`);
  return contract;
}

/** An account's positions in ascending order of instrument. */
export function positionsInOrder(market: Market, account: Account): Position[] {
  return [...market.contracts.keys()].flatMap((name) => account.positions.get(name) ?? []);
}
