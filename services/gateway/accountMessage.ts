import type { Account, MarginRatio, Pool, Position } from "../../generated/proto/plimsoll/v1/account.ts";
import type { AsOf as AsOfMessage } from "../../generated/proto/plimsoll/v1/as_of.ts";
import type { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { MarginMode } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Instrument, Names } from "../engine/names.ts";
import type { AsOf, RiskEngine } from "../engine/riskEngine.ts";
import {
  type AccountView,
  type MarginStateNumber,
  type PoolView,
  type PositionView,
  RATIO_WITHOUT_EQUITY,
} from "../kernel/views.ts";
import { formatDecimal, formatRatio } from "../markets/decimal.ts";
import { hasLinearCash, valueFraction } from "../markets/valueFraction.ts";

const RATIO_DIGITS = 6;
const LEVERAGE_DIGITS = 2;
// An entry price is an average and may lie between two ticks; four more digits show where.
const ENTRY_PRICE_EXTRA_DIGITS = 4;

/** The newest state of one account, with every number as text. */
export function accountMessage(engine: Pick<RiskEngine, "names" | "account" | "instrument">, account: number): Account {
  const view = engine.account(account);
  const { names } = engine;
  return {
    account: names.accounts[account]!,
    marginMode: view.mode,
    state: view.state,
    stateSinceUs: view.stateSinceUs,
    quarantined: view.quarantined,
    regime: view.regime === undefined ? "" : (names.regimes[view.regime]?.name ?? ""),
    regimeId: view.regime === undefined ? "" : (names.regimes[view.regime]?.applies?.id ?? ""),
    marginUnknown: view.marginUnknown as RefusalReason,
    lastEventPosition: view.lastEventPosition,
    pools: view.pools.map((pool) => poolMessage(pool, names)),
    positions: view.positions.map((position) =>
      positionMessage(position, stateOf(position, view), names, engine.instrument(position.instrument).mark),
    ),
  };
}

export function asOfMessage(asOf: AsOf): AsOfMessage {
  return { journalPosition: asOf.journalPosition, eventTimeUs: asOf.eventTimeUs };
}

/** The margin ratio of a line in the list of accounts, which knows no equity. */
export function rankRatioMessage(marginRatioE6: bigint): MarginRatio {
  return ratioMessage(marginRatioE6, marginRatioE6 >= RATIO_WITHOUT_EQUITY);
}

/**
 * MAR-002: C / (Q k) for linear, -Q k / C for inverse contracts, to four digits more than the instrument's prices.
 * @returns undefined where there is none: an inverse position so small that its cost rounds to nothing
 */
export function entryPrice(position: PositionView, instrument: Instrument, currencyScale: number): string | undefined {
  const { listing } = instrument;
  const { numerator, denominator } = valueFraction(listing, currencyScale);
  const quantity = position.quantity * numerator;
  const cost = position.entryCost * denominator;
  const unitsPerPrice = 10n ** BigInt(listing.priceScale);
  const digits = listing.priceScale + ENTRY_PRICE_EXTRA_DIGITS;
  if (!hasLinearCash(listing) && cost === 0n) return undefined;
  return hasLinearCash(listing)
    ? formatRatio(cost, quantity * unitsPerPrice, digits)
    : formatRatio(-quantity, cost * unitsPerPrice, digits);
}

function poolMessage(pool: PoolView, names: Names): Pool {
  const { name, scale } = names.currencies[pool.currency]!;
  return {
    currency: name,
    state: pool.state,
    balance: formatDecimal(pool.balance, scale),
    unrealisedProfit: formatDecimal(pool.unrealisedProfit, scale),
    equity: formatDecimal(pool.equity, scale),
    initialMargin: formatDecimal(pool.initialMargin, scale),
    maintenanceMargin: formatDecimal(pool.maintenanceMargin, scale),
    freeCollateral: formatDecimal(pool.freeCollateral, scale),
    marginRatio: ratioMessage(pool.marginRatioE6, pool.equity <= 0n && pool.maintenanceMargin > 0n),
    scanLoss: lossMessage(pool.scanLoss, scale),
    worstScenario: pool.worstScenario,
    openPositions: pool.openPositions,
    countedElsewhere: pool.basis === 2,
  };
}

function positionMessage(
  position: PositionView,
  state: MarginStateNumber,
  names: Names,
  mark: bigint | undefined,
): Position {
  const instrument = names.instruments[position.instrument]!;
  const currency = names.currencies[position.currency]!;
  const { priceScale, quantityScale } = instrument.listing;
  const money = (units: bigint) => formatDecimal(units, currency.scale);
  const price = (units: bigint | undefined) => (units === undefined ? undefined : formatDecimal(units, priceScale));
  const isolated = position.mode === MarginMode.ISOLATED;
  const open = position.quantity !== 0n;
  const equity = position.posted + position.unrealisedProfit;
  return {
    instrument: instrument.name,
    currency: currency.name,
    marginMode: position.mode,
    state,
    leverage: formatDecimal(BigInt(position.leverageE2), LEVERAGE_DIGITS),
    quantity: formatDecimal(position.quantity, quantityScale),
    entryPrice: open ? entryPrice(position, instrument, currency.scale) : undefined,
    markPrice: price(mark),
    markValue: money(position.markValue),
    unrealisedProfit: money(position.unrealisedProfit),
    realisedProfit: money(position.realisedProfit),
    fees: money(position.fees),
    funding: money(position.funding),
    posted: money(position.posted),
    initialMargin: money(position.initialMargin),
    maintenanceMargin: money(position.maintenanceMargin),
    marginRatio: isolated
      ? ratioMessage(position.marginRatioE6, equity <= 0n && position.maintenanceMargin > 0n)
      : undefined,
    scanLoss: isolated ? lossMessage(position.scanLoss, currency.scale) : undefined,
    worstScenario: isolated ? position.worstScenario : undefined,
    liquidationPrice: price(position.liquidationPrice),
    bankruptcyPrice: price(position.bankruptcyPrice),
  };
}

function stateOf(position: PositionView, account: AccountView): MarginStateNumber {
  if (position.mode === MarginMode.ISOLATED) {
    return position.state;
  }
  return account.pools.find((pool) => pool.currency === position.currency)?.state ?? position.state;
}

function ratioMessage(marginRatioE6: bigint, equityNotPositive: boolean): MarginRatio {
  return {
    ratio: equityNotPositive ? "" : formatDecimal(marginRatioE6, RATIO_DIGITS),
    equityNotPositive,
  };
}

/** A scan loss in whole currency units, rounded up: it is told larger, never smaller. */
function lossMessage(units: number, scale: number): string {
  return formatDecimal(BigInt(Math.ceil(units)), scale);
}
