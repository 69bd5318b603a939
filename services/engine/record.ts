import { BinaryWriter } from "@bufbuild/protobuf/wire";
import {
  type HoldEnd,
  JournalEvent,
  type MarginState,
  type OrderFigures,
  type PriceKind,
  type RefusalReason,
} from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountCommand, Control, Fill, MarketEvent } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { JournalRow } from "../journal/journal.ts";
import { VERSION_FIELD } from "../journal/upcast.ts";
import type { OutputSlots } from "../kernel/outputSlots.ts";
import { priceNumbers } from "../kernel/reader.ts";
import { type PlacedInput, timeOf } from "./engineInput.ts";
import { EVENT_KINDS } from "./eventKinds.ts";
import type { Feed } from "./feed.ts";
import type { Names } from "./names.ts";

/** One for all events: a writer of its own would grow a buffer for each. `finish` leaves it empty. */
const writer = new BinaryWriter();

type Body = NonNullable<JournalEvent["body"]>;

/** Times outside the calendar (INP-004) stand in the refused input itself; their column holds 0. */
export const FIRST_EVENT_TIME_US = 946_684_800_000_000n;
export const END_EVENT_TIME_US = 7_258_118_400_000_000n;

/** Writes down an input and what became of it, from the kernel's output slot. */
export function recordOutcome(output: OutputSlots, placed: PlacedInput, names: Names, feed: Feed): JournalRow {
  const body = output.code === 0 ? applied(output, placed, names, feed) : refused(output, placed);
  const time = timeOf(placed);
  const eventTimeUs = time >= FIRST_EVENT_TIME_US && time < END_EVENT_TIME_US ? Number(time) : 0;
  return toRow(output, body, eventTimeUs, placed.span, placed.offset);
}

/** Writes down what followed from an input. */
export function recordConsequence(output: OutputSlots, eventTimeUs: number): JournalRow {
  return toRow(output, consequence(output), eventTimeUs, 0, 0);
}

function toRow(output: OutputSlots, body: Body, eventTimeUs: number, span: number, offset: number): JournalRow {
  return {
    position: output.position,
    kind: EVENT_KINDS[body.$case],
    account: output.account,
    instrument: output.instrument,
    previous: output.previous,
    eventTimeUs,
    payload: JournalEvent.encode(
      { source: span, sourceOffset: BigInt(offset), version: VERSION_FIELD, body },
      writer,
    ).finish(),
  };
}

function refused(output: OutputSlots, { input }: PlacedInput): Body {
  const reason = output.code as RefusalReason;
  if (input.kind === "unreadable") {
    return { $case: "recordQuarantined", value: { reason, detail: input.detail, record: input.record } };
  }
  const value = { reason, value: output.value(0), limit: output.value(1), figures: undefined };
  switch (input.kind) {
    case "regimeRefused": {
      const { event, limit } = input;
      const marketEvent = { $case: "marketEvent" as const, value: event };
      return { $case: "inputRefused", value: { reason, value: input.value, limit, input: marketEvent } };
    }
    case "fill":
      return { $case: "inputRefused", value: { ...value, input: { $case: "fill", value: input.fill } } };
    case "market":
      return { $case: "inputRefused", value: { ...value, input: { $case: "marketEvent", value: input.event } } };
    case "account":
      return {
        $case: "inputRefused",
        value: {
          ...value,
          input: { $case: "accountCommand", value: input.command },
          figures: isHold(input.command) ? orderFigures(output) : undefined,
        },
      };
    default:
      throw new Error(`the engine's own ${input.kind} was refused with ${reason}: a market document let it through`);
  }
}

function applied(output: OutputSlots, { input }: PlacedInput, names: Names, feed: Feed): Body {
  switch (input.kind) {
    case "fill":
      return fillApplied(output, input.fill);
    case "market":
      return marketApplied(output, input.event, names, feed);
    case "account":
      return commandApplied(output, input.command, names);
    case "shardOpened":
      return { $case: "shardOpened", value: input.shard };
    case "epochStarted":
      return { $case: "epochStarted", value: input.epoch };
    case "currencyListed":
      return { $case: "currencyListed", value: { ...input.currency, currency: names.currencies.length } };
    case "marginTableSet":
      return { $case: "marginTableSet", value: { ...input.table, marginTable: names.marginTables.length } };
    case "scenarioGridSet":
      return { $case: "scenarioGridSet", value: { ...input.grid, scenarioGrid: names.scenarioGrids.length } };
    case "regimeSet":
      return { $case: "regimeSet", value: input.regime };
    case "unreadable":
    case "regimeRefused":
      throw new Error(`an input of kind ${input.kind} is never applied`);
  }
}

function fillApplied(output: OutputSlots, fill: Fill): Body {
  return {
    $case: "fillApplied",
    value: {
      venue: fill.venue,
      tradeId: fill.tradeId,
      side: fill.side,
      quantity: fill.quantity,
      price: fill.price,
      liquidity: fill.liquidity,
      liquidation: fill.liquidation,
      venueFee: fill.fee,
      orderId: fill.orderId,
      realisedPnl: output.value(0),
      fee: output.value(1),
      quantityAfter: output.value(2),
      entryCostAfter: output.value(3),
      postedAfter: output.value(4),
      rounding: output.value(5),
      liquidationFee: output.value(6),
    },
  };
}

const CONTROL_EVENTS = { setLimit: "limitSet", setSwitch: "switchSet", setOverride: "overrideSet" } as const;

function marketApplied(output: OutputSlots, event: MarketEvent, names: Names, feed: Feed): Body {
  const { event: what } = event;
  switch (what?.$case) {
    case "markPrice":
      return { $case: "markPriceSet", value: what.value };
    case "indexPrice":
      return { $case: "indexPriceSet", value: { name: event.instrument, priceE8: what.value.priceE8 } };
    case "regime":
      return { $case: "regimeSet", value: feed.preparedRegime };
    case "funding":
      return {
        $case: "fundingApplied",
        value: {
          rateE9: what.value.rateE9,
          price: output.value(0),
          positions: Number(output.value(1)),
          rounding: output.value(2),
        },
      };
    case "settlement":
      return {
        $case: "instrumentSettled",
        value: {
          price: output.value(2),
          positions: Number(output.value(0)),
          rounding: output.value(1),
          underlyingPriceE8: what.value.underlyingPriceE8,
        },
      };
    case "listing":
      return {
        $case: "instrumentListed",
        value: {
          instrument: names.instruments.length,
          name: event.instrument,
          listing: what.value,
          currency: names.currency(what.value.settlementCurrency)!,
          marginTable: names.marginTables.indexOf(what.value.marginTable),
          scenarioGrid: names.scenarioGrids.indexOf(what.value.scenarioGrid),
        },
      };
    case "control":
      return { $case: CONTROL_EVENTS[what.value.command!.$case], value: what.value };
    default:
      throw new Error("a market event without an event is never applied");
  }
}

function commandApplied(
  output: OutputSlots,
  { account, commandId, command }: Extract<PlacedInput["input"], { kind: "account" }>["command"],
  names: Names,
): Body {
  switch (command?.$case) {
    case "openAccount": {
      const marginMode = command.value.marginMode === 0 ? 1 : command.value.marginMode;
      const { regime } = command.value;
      return { $case: "accountOpened", value: { name: account, commandId, marginMode, regime } };
    }
    case "deposit":
    case "withdrawal":
      return {
        $case: command.$case === "deposit" ? "deposited" : "withdrawn",
        value: {
          commandId,
          currency: names.currency(command.value.currency)!,
          amount: command.value.amount,
          balanceAfter: output.value(0),
        },
      };
    case "setMarginMode":
      return {
        $case: "marginModeSet",
        value: {
          commandId,
          marginMode: command.value.marginMode,
          postedChange: output.value(0),
          forInstrument: command.value.instrument !== "",
          regime: command.value.regime,
        },
      };
    case "setLeverage":
      return { $case: "leverageSet", value: { commandId, leverageE2: command.value.leverageE2 } };
    case "moveCollateral":
      return {
        $case: "collateralMoved",
        value: { commandId, amount: command.value.amount, postedAfter: output.value(0) },
      };
    case "placeHold": {
      const { orderId, side, quantity, price, reduceOnly, expiresAtUs } = command.value;
      const terms = { commandId, orderId, side, quantity, price, reduceOnly, expiresAtUs };
      return { $case: "holdPlaced", value: { ...terms, figures: orderFigures(output) } };
    }
    case "amendHold":
      return { $case: "holdAmended", value: { commandId, ...command.value, figures: orderFigures(output) } };
    case "releaseHold":
      return {
        $case: "holdReleased",
        value: { commandId, orderId: command.value.orderId, quantity: output.value(13) },
      };
    default:
      throw new Error("an account command without a command is never applied");
  }
}

export function isHold({ command }: AccountCommand): boolean {
  return command?.$case === "placeHold" || command?.$case === "amendHold" || command?.$case === "releaseHold";
}

/** What the check found, from the values of a request's slot (assembly/inputs/holdCommands.ts); undefined when nothing was looked at. */
function orderFigures(output: OutputSlots): OrderFigures | undefined {
  const price = priceNumbers(output.code === 0 ? 0n : output.value(13));
  const figures: OrderFigures = {
    initialMarginBefore: output.value(2),
    initialMarginAfter: output.value(3),
    maintenanceMarginBefore: output.value(4),
    maintenanceMarginAfter: output.value(5),
    equityBefore: output.value(6),
    equityAfter: output.value(7),
    freeCollateralBefore: output.value(8),
    freeCollateralAfter: output.value(9),
    fee: output.value(10),
    binding: Number(output.value(11)) as RefusalReason,
    reduces: output.value(12) === 1n,
    priceKind: price.priceKind as PriceKind,
    priceKey: price.priceKey,
  };
  const looked = Object.values(figures).some((figure) => Boolean(figure));
  return looked ? figures : undefined;
}

function consequence(output: OutputSlots): Body {
  switch (output.kind) {
    case EVENT_KINDS.fundingPaid:
      return {
        $case: "fundingPaid",
        value: { amount: output.value(0), postedChange: output.value(1), covered: output.value(2) },
      };
    case EVENT_KINDS.positionSettled:
      return {
        $case: "positionSettled",
        value: {
          quantity: output.value(0),
          realisedPnl: output.value(1),
          postedReleased: output.value(2),
          covered: output.value(3),
        },
      };
    case EVENT_KINDS.marginStateChanged:
      return {
        $case: "marginStateChanged",
        value: {
          from: output.fromState as MarginState,
          to: output.toState as MarginState,
          currency: output.currency,
          isolated: output.isolated,
          equity: output.value(0),
          initialMargin: output.value(1),
          maintenanceMargin: output.value(2),
        },
      };
    case EVENT_KINDS.insurancePaid:
      return { $case: "insurancePaid", value: { currency: output.currency, amount: output.value(0) } };
    case EVENT_KINDS.accountQuarantined:
      return { $case: "accountQuarantined", value: { reason: Number(output.value(0)) as RefusalReason } };
    case EVENT_KINDS.regimeActivated:
      return {
        $case: "regimeActivated",
        value: { regime: Number(output.value(0)), accounts: Number(output.value(1)) },
      };
    case EVENT_KINDS.holdExpired:
      return {
        $case: "holdExpired",
        value: {
          orderKey: BigInt.asUintN(64, output.value(0)),
          quantity: output.value(1),
          reason: Number(output.value(2)) as HoldEnd,
        },
      };
    case EVENT_KINDS.holdUsed:
      return {
        $case: "holdUsed",
        value: {
          orderKey: BigInt.asUintN(64, output.value(0)),
          quantity: output.value(1),
          quantityLeft: output.value(2),
        },
      };
    case EVENT_KINDS.marginUnknown:
      return {
        $case: "marginUnknown",
        value: {
          unknown: output.value(0) !== 0n,
          reason: Number(output.value(1)) as RefusalReason,
          term: Number(output.value(2)),
          row: Number(output.value(3)),
        },
      };
    case EVENT_KINDS.controlTripped: {
      const value = { control: control(output), count: output.value(1), limit: output.value(2) };
      return { $case: "controlTripped", value };
    }
    case EVENT_KINDS.overrideExpired:
      return { $case: "overrideExpired", value: { control: control(output), expiryTimeUs: output.value(1) } };
    default:
      throw new Error(`the kernel spoke of a consequence of kind ${output.kind}, which this host does not know`);
  }
}

function control(output: OutputSlots): Control {
  return Number(output.value(0)) as Control;
}
