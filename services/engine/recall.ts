import {
  type InstrumentSettled,
  JournalEvent,
  RefusalReason,
} from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountCommand, MarketEvent, Settlement } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { JournalRow } from "../journal/journal.ts";
import { EventVersionError, upcast } from "../journal/upcast.ts";
import type { FeedLag } from "../kernel/views.ts";
import { isOption } from "../markets/valueFraction.ts";
import type { EngineInput, PlacedInput } from "./engineInput.ts";
import { EVENT_KINDS, FIRST_DERIVED_KIND } from "./eventKinds.ts";
import type { Names } from "./names.ts";

/** A row says something that this version cannot have written. */
export class JournalRowError extends Error {
  override readonly name = "JournalRowError";
  readonly position: number;

  constructor(position: number, reason: string, options?: ErrorOptions) {
    super(`event ${position}: ${reason}`, options);
    this.position = position;
  }
}

/**
 * The input that a row stands for, as it once came in, so that a replay goes the same way as live. Names must hold what
 * was opened before the row.
 * @returns undefined for what the kernel derives again
 */
export function recallInput(row: JournalRow, names: Names): PlacedInput | undefined {
  if (row.kind >= FIRST_DERIVED_KIND) return undefined;
  const event = decode(row);
  return {
    span: event.source,
    offset: Number(event.sourceOffset),
    eventTimeUs: row.eventTimeUs,
    input: inputOf(row, event, names),
    lag: lagOf(event),
  };
}

/** The lag stands in its refusal; where it decided nothing, a replay does without it. */
function lagOf({ body }: JournalEvent): FeedLag | undefined {
  if (body?.$case !== "inputRefused" || body.value.reason !== RefusalReason.ENGINE_BEHIND) return undefined;
  return { lagUs: body.value.value, boundUs: body.value.limit };
}

/** Refusals that only the memory of identities can give (INP-001). */
const IDENTITY_REFUSALS: ReadonlySet<RefusalReason> = new Set([
  RefusalReason.DUPLICATE,
  RefusalReason.IDENTITY_CONFLICT,
  RefusalReason.IDENTITY_TOO_OLD,
]);

/**
 * The same, for a shard that remembers no identities: a fill or command that was refused for its identity says
 * so, and so does a control. Funding and settlement that came twice need no memory but the instrument's own.
 */
export function recallForRung(row: JournalRow, names: Names): PlacedInput | undefined {
  const placed = recallInput(row, names);
  if (placed === undefined || row.kind !== EVENT_KINDS.inputRefused) return placed;
  if (placed.input.kind === "market" && placed.input.event.event?.$case !== "control") return placed;
  const { body } = decode(row);
  const reason = body?.$case === "inputRefused" ? body.value.reason : RefusalReason.UNSPECIFIED;
  return IDENTITY_REFUSALS.has(reason) ? { ...placed, recognised: reason } : placed;
}

function decode(row: JournalRow): JournalEvent {
  try {
    return upcast(JournalEvent.decode(row.payload));
  } catch (error) {
    if (error instanceof EventVersionError) throw new JournalRowError(row.position, error.message, { cause: error });
    throw new JournalRowError(row.position, "the payload is no JournalEvent", { cause: error });
  }
}

function inputOf(row: JournalRow, { body }: JournalEvent, names: Names): EngineInput {
  switch (body?.$case) {
    case "shardOpened":
      return { kind: "shardOpened", shard: body.value };
    case "epochStarted":
      return { kind: "epochStarted", epoch: body.value };
    case "currencyListed":
      return { kind: "currencyListed", currency: { name: body.value.name, scale: body.value.scale } };
    case "marginTableSet":
      return { kind: "marginTableSet", table: body.value };
    case "scenarioGridSet":
      return { kind: "scenarioGridSet", grid: body.value };
    case "instrumentListed":
      return market(row, body.value.name, { $case: "listing", value: body.value.listing! });
    case "markPriceSet":
      return market(row, instrumentName(row, names), { $case: "markPrice", value: body.value });
    case "indexPriceSet":
      return market(row, body.value.name, { $case: "indexPrice", value: { priceE8: body.value.priceE8 } });
    case "regimeSet":
      return { kind: "regimeSet", regime: body.value };
    case "limitSet":
    case "switchSet":
    case "overrideSet": {
      const instrument = row.instrument === undefined ? "" : instrumentName(row, names);
      return market(row, instrument, { $case: "control", value: body.value });
    }
    case "fundingApplied":
      return market(row, instrumentName(row, names), { $case: "funding", value: { rateE9: body.value.rateE9 } });
    case "instrumentSettled":
      return market(row, instrumentName(row, names), {
        $case: "settlement",
        value: settlementOf(row, body.value, names),
      });
    case "fillApplied": {
      const { venueFee, venue, tradeId, side, quantity, price, liquidity, liquidation, orderId } = body.value;
      const account = accountName(row, names);
      const instrument = instrumentName(row, names);
      const eventTimeUs = BigInt(row.eventTimeUs);
      const fill = { venue, tradeId, account, instrument, side, quantity, price, liquidity, liquidation, orderId };
      return { kind: "fill", fill: { ...fill, fee: venueFee, eventTimeUs } };
    }
    case "accountOpened": {
      const { name, commandId, marginMode, regime } = body.value;
      return account(row, name, commandId, { $case: "openAccount", value: { marginMode, regime } });
    }
    case "deposited":
    case "withdrawn": {
      const { commandId, currency, amount } = body.value;
      const value = { currency: names.currencies[currency]!.name, amount };
      const $case = body.$case === "deposited" ? "deposit" : "withdrawal";
      return account(row, accountName(row, names), commandId, { $case, value });
    }
    case "marginModeSet": {
      const { commandId, marginMode, forInstrument, regime } = body.value;
      const instrument = forInstrument ? instrumentName(row, names) : "";
      return account(row, accountName(row, names), commandId, {
        $case: "setMarginMode",
        value: { instrument, marginMode, regime },
      });
    }
    case "leverageSet": {
      const { commandId, leverageE2 } = body.value;
      const value = { instrument: instrumentName(row, names), leverageE2 };
      return account(row, accountName(row, names), commandId, { $case: "setLeverage", value });
    }
    case "collateralMoved": {
      const { commandId, amount } = body.value;
      const value = { instrument: instrumentName(row, names), amount };
      return account(row, accountName(row, names), commandId, { $case: "moveCollateral", value });
    }
    case "holdPlaced": {
      const { commandId, figures: _, ...terms } = body.value;
      const value = { ...terms, instrument: instrumentName(row, names) };
      return account(row, accountName(row, names), commandId, { $case: "placeHold", value });
    }
    case "holdAmended": {
      const { commandId, figures: _, ...value } = body.value;
      return account(row, accountName(row, names), commandId, { $case: "amendHold", value });
    }
    case "holdReleased": {
      const { commandId, orderId } = body.value;
      return account(row, accountName(row, names), commandId, { $case: "releaseHold", value: { orderId } });
    }
    case "inputRefused":
      switch (body.value.input?.$case) {
        case "fill":
          return { kind: "fill", fill: body.value.input.value };
        case "marketEvent": {
          const { input, reason, value, limit } = body.value;
          if (input.value.event?.$case !== "regime") return { kind: "market", event: input.value };
          return { kind: "regimeRefused", event: input.value, reason, value, limit };
        }
        case "accountCommand":
          return { kind: "account", command: body.value.input.value };
        default:
          throw new JournalRowError(row.position, "a refused input without the input");
      }
    case "recordQuarantined":
      return { kind: "unreadable", ...body.value };
    default:
      throw new JournalRowError(row.position, `kind ${row.kind} has a body of another kind`);
  }
}

/** The price of an option's settlement followed from that of its underlying. */
function settlementOf(row: JournalRow, settled: InstrumentSettled, names: Names): Settlement {
  const { underlyingPriceE8 } = settled;
  const listing = names.instruments[row.instrument ?? -1]?.listing;
  return { price: listing !== undefined && isOption(listing) ? 0n : settled.price, underlyingPriceE8 };
}

function market(row: JournalRow, instrument: string, event: NonNullable<MarketEvent["event"]>): EngineInput {
  return { kind: "market", event: { instrument, eventTimeUs: BigInt(row.eventTimeUs), event } };
}

function account(
  row: JournalRow,
  name: string,
  commandId: string,
  command: NonNullable<AccountCommand["command"]>,
): EngineInput {
  return { kind: "account", command: { commandId, account: name, eventTimeUs: BigInt(row.eventTimeUs), command } };
}

function accountName(row: JournalRow, names: Names): string {
  const name = row.account === undefined ? undefined : names.accounts[row.account];
  if (name === undefined) throw new JournalRowError(row.position, `account ${row.account} was never opened`);
  return name;
}

function instrumentName(row: JournalRow, names: Names): string {
  const instrument = row.instrument === undefined ? undefined : names.instruments[row.instrument];
  if (instrument === undefined) {
    throw new JournalRowError(row.position, `instrument ${row.instrument} was never listed`);
  }
  return instrument.name;
}
