import type { Clock } from "../ingest/clock.ts";
import type { FeedLag } from "../kernel/views.ts";
import { type PlacedInput, timeOf } from "./engineInput.ts";
import { END_EVENT_TIME_US, isHold } from "./record.ts";

export interface LagBoundOptions {
  readonly clock: Clock;
  readonly maxLagMs: number;
}

/** CTL-015: how far the engine may be behind its feed. The fold has no clock: it is told by the requests that it bears on. */
export class LagBound {
  readonly #clock: Clock;
  readonly #boundUs: bigint;

  constructor({ clock, maxLagMs }: LagBoundOptions) {
    this.#clock = clock;
    this.#boundUs = BigInt(maxLagMs) * 1_000n;
  }

  /** How far the newest event lies behind the wall clock, when that is further than the bound. */
  behind(newestUs: bigint): FeedLag | undefined {
    const lagUs = BigInt(this.#clock.nowMs()) * 1_000n - newestUs;
    return lagUs <= this.#boundUs ? undefined : { lagUs, boundUs: this.#boundUs };
  }

  /** Requests for orders that come while the engine is behind say so; each is looked at with the newest event before it. */
  marked(placed: readonly PlacedInput[], eventTimeUs: bigint): PlacedInput[] {
    let newestUs = eventTimeUs;
    return placed.map((each) => {
      const isRequest = each.input.kind === "account" && isHold(each.input.command);
      const lag = isRequest ? this.behind(newestUs) : undefined;
      const timeUs = timeOf(each);
      if (timeUs > newestUs && timeUs < END_EVENT_TIME_US) newestUs = timeUs;
      return lag === undefined ? each : { ...each, lag };
    });
  }
}
