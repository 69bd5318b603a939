import { type Account, accountOf, type Book, instrumentOf, type Position } from "./book.ts";
import { netQuantity } from "./ledger.ts";
import { lossPrices } from "./liquidationPrice.ts";
import { type Market, positionsInOrder } from "./market.ts";
import type { AccountReport, InstrumentReport, PoolReport, PositionReport, ZeroSum } from "./outcome.ts";
import { isolatedFigures, marginRatioE6, poolFigures, positionFigures } from "./requirement.ts";
import { poolScanLoss, type ScanLoss, scanLoss, shown } from "./scenarios.ts";

/** A report with the exact scenario vector (MAR-023) beside the shown scan loss. */
export type OracleAccount = AccountReport<
  PoolReport & { readonly scan: ScanLoss },
  PositionReport & { readonly scan: ScanLoss }
>;

export function reportAccount(book: Book, market: Market, name: string): OracleAccount {
  const account = accountOf(book, name);
  const currencies = [...market.currencyScales.keys()].filter((currency) => account.pools.has(currency));
  return {
    account: name,
    mode: account.mode,
    state: account.state,
    stateSinceUs: account.stateSinceUs,
    quarantined: account.quarantined,
    pools: currencies.map((currency) => reportPool(book, market, account, currency)),
    positions: positionsInOrder(market, account).map((position) => reportPosition(book, market, account, position)),
  };
}

function reportPool(book: Book, market: Market, account: Account, currency: string) {
  const figures = poolFigures(book, market, account, currency);
  const scan = poolScanLoss(book, market, account, currency);
  return {
    currency,
    state: account.pools.get(currency)!.state,
    ...figures,
    marginRatioE6: marginRatioE6(figures),
    scanLoss: shown(scan),
    worstScenario: scan.worstScenario,
    scan,
  };
}

function reportPosition(book: Book, market: Market, account: Account, position: Position) {
  const { instrument, currency, mode, state, quantity, entryCost, realisedProfit, fees, funding, posted } = position;
  const isolated = mode === 1;
  const scan = scanLoss(book, market, isolated && quantity !== 0n ? [position] : []);
  return {
    instrument,
    currency,
    mode,
    state,
    leverageE2: Number(position.leverageE2),
    quantity,
    entryCost,
    ...positionFigures(book, market, position),
    realisedProfit,
    fees,
    funding,
    posted,
    marginRatioE6: isolated ? marginRatioE6(isolatedFigures(book, market, position)) : 0n,
    scanLoss: shown(scan),
    worstScenario: scan.worstScenario,
    scan,
    ...lossPrices(book, market, account, position),
  };
}

export function reportInstrument(book: Book, name: string): InstrumentReport {
  const { settled, mark, markTimeUs } = instrumentOf(book, name);
  const quantities = [...book.accounts.values()].map((account) => account.positions.get(name)?.quantity ?? 0n);
  return {
    instrument: name,
    settled,
    mark,
    markTimeUs,
    openQuantity: quantities.reduce((sum, quantity) => (quantity > 0n ? sum + quantity : sum), 0n),
    netQuantity: netQuantity(book, name),
    holders: quantities.filter((quantity) => quantity !== 0n).length,
  };
}

/** MAR-026. */
export function zeroSum(book: Book, market: Market): ZeroSum {
  const currencies = new Map<string, bigint>();
  for (const currency of market.currencyScales.keys()) {
    let sum = 0n;
    for (const account of book.accounts.values()) {
      sum += account.pools.get(currency)?.balance ?? 0n;
      for (const position of account.positions.values()) {
        if (position.currency === currency) sum += position.posted - position.entryCost;
      }
    }
    currencies.set(currency, sum);
  }
  const instruments = new Map([...market.contracts.keys()].map((name) => [name, netQuantity(book, name)]));
  return { currencies, instruments };
}
