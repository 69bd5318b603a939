/** An open position that the margin rules say must be closed (state liquidating or bankrupt, MAR-016). */
export interface LiquidatingPosition {
  readonly account: string;
  readonly instrument: string;
  /** Signed, in quantity units, never 0. */
  readonly quantity: bigint;
  /** True when the position's own state demands it, false when its pool's does. */
  readonly isolated: boolean;
}

/** A pool or an isolated position in state called: equity below initial margin, not below maintenance margin. */
export interface MarginCall {
  readonly account: string;
  readonly currency: string;
  /** The isolated position that is called; undefined when it is the pool. */
  readonly instrument: string | undefined;
  /** Initial margin less equity, in units of the currency, above zero. */
  readonly shortfall: bigint;
}

/**
 * What a venue learns from its risk engine, so that a tape or a simulation can act on it. A source reads it only at the
 * start of a step, when the engine's state is exactly that of the journal after the step before: so what a source makes
 * of it is the same after a restart. Both lists come in the same order for the same state (by account, then instrument
 * or currency) and leave the venue's own accounts out.
 */
export interface VenueFeedback {
  liquidating(): Iterable<LiquidatingPosition>;
  called(): Iterable<MarginCall>;
  /** In price units; undefined before the first mark and for an unknown instrument. */
  mark(instrument: string): bigint | undefined;
  /** Signed, in quantity units; 0 when there is none. */
  position(account: string, instrument: string): bigint;
  /** Of the account's pool (MAR-015), in units of the currency; 0 when there is none. Asked often: keep it cheap. */
  freeCollateral(account: string, currency: string): bigint;
}
