import type {
  EpochStarted,
  MarginTableSet,
  RefusalReason,
  RegimeSet,
  ScenarioGridSet,
  ShardOpened,
} from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { MarketEvent } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../ingest/source.ts";
import type { FeedLag } from "../kernel/views.ts";
import type { Currency } from "./names.ts";

/** Everything that the fold takes: what venues say, and what the engine itself puts into its history. */
export type EngineInput =
  | VenueInput
  | { readonly kind: "shardOpened"; readonly shard: ShardOpened }
  | { readonly kind: "epochStarted"; readonly epoch: EpochStarted }
  | { readonly kind: "currencyListed"; readonly currency: Currency }
  | { readonly kind: "marginTableSet"; readonly table: MarginTableSet }
  | { readonly kind: "scenarioGridSet"; readonly grid: ScenarioGridSet }
  /** A regime that is compiled already: at the genesis, and in a replay. `number` of its name and of its keys: the engine's. */
  | { readonly kind: "regimeSet"; readonly regime: RegimeSet }
  /** A regime document that was refused once, in a replay: it left no program, and a replay never compiles. */
  | {
      readonly kind: "regimeRefused";
      readonly event: MarketEvent;
      readonly reason: RefusalReason;
      readonly value: bigint;
      readonly limit: bigint;
    };

/** An input with the place in its batch's sources: `span` is 1 + the index of the span, 0 for none. */
export interface PlacedInput {
  readonly span: number;
  readonly offset: number;
  /** Event time of inputs that carry none of their own, in microseconds. */
  readonly eventTimeUs: number;
  readonly input: EngineInput;
  /**
   * Of an input that is told again to a shard that remembers no identities (engine/rung.ts): the RefusalReason that its
   * identity once got. Nothing but the memory of identities can know it.
   */
  readonly recognised?: number;
  /** Of a request for an order: the engine was too far behind its feed when it took it, and takes no new risk (CTL-015). */
  readonly lag?: FeedLag | undefined;
}

/** Event time of an input, in microseconds; as the venue said it, sensible or not. */
export function timeOf({ input, eventTimeUs }: PlacedInput): bigint {
  switch (input.kind) {
    case "fill":
      return input.fill.eventTimeUs;
    case "market":
    case "regimeRefused":
      return input.event.eventTimeUs;
    case "account":
      return input.command.eventTimeUs;
    default:
      return BigInt(eventTimeUs);
  }
}
