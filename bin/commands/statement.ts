import type { Account, MarginRatio, Pool, Position } from "../../generated/proto/plimsoll/v1/account.ts";
import type { AsOf } from "../../generated/proto/plimsoll/v1/as_of.ts";
import { MarginState, marginStateToJSON, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { MarginMode } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { type Cell, type Column, paint, type Style, table } from "./table.ts";

const STATE_STYLES: { readonly [state: number]: Style } = {
  [MarginState.HEALTHY]: "green",
  [MarginState.CALLED]: "yellow",
  [MarginState.LIQUIDATING]: "red",
  [MarginState.BANKRUPT]: ["bold", "red"],
};
const ABSENT = "-";

/** An account as a page of a margin statement. */
export function statement(account: Account, asOf: AsOf, colour: boolean): string[] {
  const state = stateCell(account.state);
  const lines = [
    paint("bold", `Account ${account.account}`, colour),
    `Margin state  ${paint(state.style, state.text, colour)}, since ${utcTime(account.stateSinceUs)}`,
    account.marginMode === MarginMode.PORTFOLIO
      ? `Margin mode   portfolio, regime ${account.regime} (${account.regimeId})`
      : `Margin mode   ${modeName(account.marginMode)} for new positions`,
  ];
  if (account.marginUnknown !== RefusalReason.UNSPECIFIED) {
    lines.push(paint(["bold", "magenta"], "Margin unknown: a fact is missing; figures are those known last", colour));
  }
  if (account.quarantined) {
    lines.push(paint(["bold", "magenta"], "Quarantined: takes no new risk until an operator has looked at it", colour));
  }
  if (account.pools.length > 0) {
    lines.push("", paint("bold", "Collateral of cross positions", colour), ...poolLines(account.pools, colour));
  }
  if (account.positions.length > 0) {
    lines.push("", paint("bold", "Positions", colour), ...positionLines(account.positions, colour));
    const open = account.positions.filter((position) => position.entryPrice !== undefined);
    if (open.length > 0) {
      lines.push("", paint("bold", "Margin of open positions", colour), ...marginLines(open, colour));
    }
    lines.push("", paint("bold", "Result so far", colour), ...resultLines(account.positions, colour));
  }
  return [...lines, "", asOfLine(asOf)];
}

/** The last line of every answer: which state it speaks of. */
export function asOfLine(asOf: AsOf): string {
  return `As of ${utcTime(asOf.eventTimeUs)}, journal position ${asOf.journalPosition}`;
}

/** The name of a state as people say it. */
export function stateCell(state: MarginState): { readonly text: string; readonly style: Style } {
  const text = marginStateToJSON(state).replace("MARGIN_STATE_", "").toLowerCase();
  return { text, style: STATE_STYLES[state] ?? "reset" };
}

export function ratioText(ratio: MarginRatio | undefined): string {
  if (ratio === undefined) {
    return ABSENT;
  }
  return ratio.equityNotPositive ? "no equity" : ratio.ratio;
}

function poolLines(pools: readonly Pool[], colour: boolean): string[] {
  const columns: Column[] = [left(""), ...pools.map((pool) => right(pool.currency))];
  const row = (title: string, of: (pool: Pool) => Cell): Cell[] => [title, ...pools.map(of)];
  return table(
    columns,
    [
      row("Balance", (pool) => pool.balance),
      row("Unrealised profit", (pool) => pool.unrealisedProfit),
      row("Equity", (pool) => pool.equity),
      row("Initial margin", (pool) => pool.initialMargin),
      row("Maintenance margin", (pool) => pool.maintenanceMargin),
      row("Free collateral", (pool) => pool.freeCollateral),
      row("Margin ratio", (pool) => ratioText(pool.marginRatio)),
      row("Worst scenario loss", (pool) => pool.scanLoss),
      row("  in scenario", (pool) => `${pool.worstScenario}`),
      row("State", (pool) => stateCell(pool.state)),
    ],
    colour,
  );
}

function positionLines(positions: readonly Position[], colour: boolean): string[] {
  return table(
    [
      left("Instrument"),
      left("Mode"),
      right("Leverage"),
      right("Quantity"),
      right("Entry price"),
      right("Mark price"),
      right("Unrealised profit"),
      left(""),
      left("State"),
    ],
    positions.map((position) => [
      position.instrument,
      modeName(position.marginMode),
      `${position.leverage}x`,
      position.quantity,
      position.entryPrice ?? ABSENT,
      position.markPrice ?? ABSENT,
      position.unrealisedProfit,
      position.currency,
      stateCell(position.state),
    ]),
    colour,
  );
}

function marginLines(positions: readonly Position[], colour: boolean): string[] {
  return table(
    [
      left("Instrument"),
      right("Posted"),
      right("Initial"),
      right("Maintenance"),
      left(""),
      right("Margin ratio"),
      right("Liquidation price"),
      right("Bankruptcy price"),
    ],
    positions.map((position) => [
      position.instrument,
      position.marginMode === MarginMode.ISOLATED ? position.posted : ABSENT,
      position.initialMargin,
      position.maintenanceMargin,
      position.currency,
      ratioText(position.marginRatio),
      position.liquidationPrice ?? ABSENT,
      position.bankruptcyPrice ?? ABSENT,
    ]),
    colour,
  );
}

function resultLines(positions: readonly Position[], colour: boolean): string[] {
  return table(
    [left("Instrument"), right("Realised profit"), right("Fees paid"), right("Funding received"), left("")],
    positions.map((position) => [
      position.instrument,
      position.realisedProfit,
      position.fees,
      position.funding,
      position.currency,
    ]),
    colour,
  );
}

function modeName(mode: MarginMode): string {
  return mode === MarginMode.ISOLATED ? "isolated" : "cross";
}

function utcTime(timeUs: bigint): string {
  const [seconds] = new Date(Number(timeUs / 1000n)).toISOString().split(".");
  return `${seconds!.replace("T", " ")}.${(timeUs % 1_000_000n).toString().padStart(6, "0")} UTC`;
}

function left(title: string): Column {
  return { title, align: "left" };
}

function right(title: string): Column {
  return { title, align: "right" };
}
