import { type Fill, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { SourceBatch } from "../../services/ingest/source.ts";
import type { LiquidatingPosition, MarginCall, VenueFeedback } from "../../services/ingest/venueFeedback.ts";

/**
 * Stands in for the engine: it knows positions and marks, and says of positions beyond `most` units that they must be
 * closed. What it answers follows from the batches that it was given, as with the engine.
 */
export class PositionBook implements VenueFeedback {
  /** Fills marked as liquidation that did more than reduce; must stay empty. */
  readonly overshoots: string[] = [];
  liquidationFills = 0;
  readonly #most: bigint;
  readonly #positions = new Map<string, Map<string, bigint>>();
  readonly #marks = new Map<string, bigint>();

  constructor(most: bigint) {
    this.#most = most;
  }

  apply(batch: SourceBatch): void {
    for (const { input } of batch.inputs) {
      if (input.kind === "fill") this.#fill(input.fill);
      if (input.kind !== "market") continue;
      const { event, instrument } = input.event;
      if (event?.$case === "markPrice") this.#marks.set(instrument, event.value.price);
      if (event?.$case === "settlement") for (const each of this.#positions.values()) each.delete(instrument);
    }
  }

  /** Of all accounts, by instrument. */
  sums(): ReadonlyMap<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const positions of this.#positions.values()) {
      for (const [instrument, quantity] of positions) sums.set(instrument, (sums.get(instrument) ?? 0n) + quantity);
    }
    return sums;
  }

  *liquidating(): Iterable<LiquidatingPosition> {
    for (const [account, positions] of this.#positions) {
      if (account.startsWith("mm-")) continue;
      for (const [instrument, quantity] of positions) {
        if (quantity > this.#most || quantity < -this.#most) yield { account, instrument, quantity, isolated: false };
      }
    }
  }

  *called(): Iterable<MarginCall> {
    const currency = "USDT";
    for (const [account, positions] of this.#positions) {
      for (const [instrument, quantity] of positions) {
        if (quantity === this.#most) yield { account, currency, instrument, shortfall: 10n };
      }
    }
  }

  mark(instrument: string): bigint | undefined {
    return this.#marks.get(instrument);
  }

  position(account: string, instrument: string): bigint {
    return this.#positions.get(account)?.get(instrument) ?? 0n;
  }

  freeCollateral(): bigint {
    return 10n ** 18n;
  }

  #fill({ account, instrument, side, quantity, liquidation, tradeId }: Fill): void {
    const before = this.position(account, instrument);
    const after = before + (side === Side.BUY ? quantity : -quantity);
    if (liquidation) {
      this.liquidationFills += 1;
      const reduces = before > 0n ? after >= 0n && after < before : after <= 0n && after > before;
      if (!reduces) this.overshoots.push(`${account} ${instrument} ${tradeId}: ${before} to ${after}`);
    }
    const positions = this.#positions.get(account) ?? new Map<string, bigint>();
    positions.set(instrument, after);
    this.#positions.set(account, positions);
  }
}
