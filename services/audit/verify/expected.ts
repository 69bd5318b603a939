import { BinaryWriter } from "@bufbuild/protobuf/wire";
import {
  type HoldEnd,
  JournalEvent,
  type MarginState,
  type OrderFigures,
  type PriceKind,
  type RefusalReason,
} from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Control } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import { VERSION_FIELD } from "../../journal/upcast.ts";
import type { Output } from "./machine.ts";
import type { RecordedNames } from "./names.ts";

type Body = NonNullable<JournalEvent["body"]>;

const writer = new BinaryWriter();

/** The first and the one after the last event time of the calendar (INP-004); others leave 0 in a row's column. */
const FIRST_TIME_US = 946_684_800_000_000n;
const END_TIME_US = 7_258_118_400_000_000n;

/** The payload that an input must have, given what the kernel says became of it; undefined: it may not be so at all. */
export function inputPayload(recorded: JournalEvent, output: Output, names: RecordedNames): Uint8Array | undefined {
  const body = inputBody(recorded.body!, output, names);
  return body === undefined
    ? undefined
    : JournalEvent.encode({ ...recorded, version: VERSION_FIELD, body }, writer).finish();
}

/** The payload of what followed from an input. */
export function consequencePayload(output: Output): Uint8Array | undefined {
  const body = consequenceBody(output);
  return body && JournalEvent.encode({ source: 0, sourceOffset: 0n, version: VERSION_FIELD, body }, writer).finish();
}

/** The kind that the row of an input must have. */
export function inputKind(recorded: Body, output: Output): number {
  if (output.code === 0) return output.kind;
  return recorded.$case === "recordQuarantined" ? 61 : 60;
}

/** The event time that the column of an input must hold: that of the input, which a refused one keeps whole. */
export function inputTimeUs(recorded: Body, column: number): number {
  if (recorded.$case !== "inputRefused") return column;
  const time = recorded.value.input?.value.eventTimeUs ?? 0n;
  return time >= FIRST_TIME_US && time < END_TIME_US ? Number(time) : 0;
}

function inputBody(body: Body, output: Output, names: RecordedNames): Body | undefined {
  const refused = body.$case === "inputRefused" || body.$case === "recordQuarantined";
  if (refused !== (output.code !== 0)) return undefined;
  const value = (index: number): bigint => output.value(index);
  switch (body.$case) {
    case "recordQuarantined":
      return { $case: body.$case, value: { ...body.value, reason: output.code as RefusalReason } };
    case "inputRefused": {
      const { input } = body.value;
      // See RecordedFeed: a refused document's numbers are those of the host that compiled it.
      const document = input?.$case === "marketEvent" && input.value.event?.$case === "regime";
      const numbers = document ? {} : { value: value(0), limit: value(1) };
      const command = input?.$case === "accountCommand" ? input.value.command?.$case : undefined;
      const figures = command !== undefined && ORDER_REQUESTS.has(command) ? orderFigures(output) : undefined;
      return { $case: body.$case, value: { ...body.value, ...numbers, figures, reason: output.code as RefusalReason } };
    }
    case "fillApplied": {
      const did = { realisedPnl: value(0), fee: value(1), quantityAfter: value(2), entryCostAfter: value(3) };
      const rest = { postedAfter: value(4), rounding: value(5), liquidationFee: value(6) };
      return { $case: body.$case, value: { ...body.value, ...did, ...rest } };
    }
    case "fundingApplied": {
      const did = { price: value(0), positions: Number(value(1)), rounding: value(2) };
      return { $case: body.$case, value: { ...body.value, ...did } };
    }
    case "instrumentSettled": {
      const did = { positions: Number(value(0)), rounding: value(1), price: value(2) };
      return { $case: body.$case, value: { ...body.value, ...did } };
    }
    case "deposited":
    case "withdrawn":
      return { $case: body.$case, value: { ...body.value, balanceAfter: value(0) } };
    case "marginModeSet":
      return { $case: body.$case, value: { ...body.value, postedChange: value(0) } };
    case "collateralMoved":
      return { $case: body.$case, value: { ...body.value, postedAfter: value(0) } };
    case "holdPlaced":
      return { $case: body.$case, value: { ...body.value, figures: orderFigures(output) } };
    case "holdAmended":
      return { $case: body.$case, value: { ...body.value, figures: orderFigures(output) } };
    case "holdReleased":
      return { $case: body.$case, value: { ...body.value, quantity: value(13) } };
    case "currencyListed":
      return { $case: body.$case, value: { ...body.value, currency: names.currencies.values.length } };
    case "marginTableSet":
      return { $case: body.$case, value: { ...body.value, marginTable: names.marginTables.length } };
    case "scenarioGridSet":
      return { $case: body.$case, value: { ...body.value, scenarioGrid: names.scenarioGrids.length } };
    case "regimeSet": {
      const regime = names.regimeNumber(body.value.name) ?? names.regimes.length;
      return { $case: body.$case, value: { ...body.value, regime } };
    }
    case "instrumentListed": {
      const numbers = names.listingNumbers(body.value.listing!);
      const instrument = names.instruments.values.length;
      return { $case: body.$case, value: { ...body.value, ...numbers, instrument } };
    }
    default:
      // An input that the kernel adds nothing to.
      return body;
  }
}

const ORDER_REQUESTS: ReadonlySet<string> = new Set(["placeHold", "amendHold", "releaseHold"]);

/** What the check of an order found; undefined when nothing was looked at. */
function orderFigures(output: Output): OrderFigures | undefined {
  const numbers = Array.from({ length: 11 }, (_, index) => output.value(index + 2));
  // Of an order that rests the slot holds its quantity there.
  const price = output.code === 0 ? 0n : output.value(13);
  if (price === 0n && numbers.every((number) => number === 0n)) return undefined;
  return {
    initialMarginBefore: numbers[0]!,
    initialMarginAfter: numbers[1]!,
    maintenanceMarginBefore: numbers[2]!,
    maintenanceMarginAfter: numbers[3]!,
    equityBefore: numbers[4]!,
    equityAfter: numbers[5]!,
    freeCollateralBefore: numbers[6]!,
    freeCollateralAfter: numbers[7]!,
    fee: numbers[8]!,
    binding: Number(numbers[9]!) as RefusalReason,
    reduces: numbers[10] === 1n,
    priceKind: Number(price >> 32n) as PriceKind,
    priceKey: Number(price & 0xffff_ffffn),
  };
}

function consequenceBody(output: Output): Body | undefined {
  const value = (index: number): bigint => output.value(index);
  const { currency } = output;
  switch (output.kind) {
    case 70: {
      const paid = { amount: value(0), postedChange: value(1), covered: value(2) };
      return { $case: "fundingPaid", value: paid };
    }
    case 71: {
      const settled = { quantity: value(0), realisedPnl: value(1), postedReleased: value(2), covered: value(3) };
      return { $case: "positionSettled", value: settled };
    }
    case 72: {
      const states = { from: output.fromState as MarginState, to: output.toState as MarginState };
      const margin = { equity: value(0), initialMargin: value(1), maintenanceMargin: value(2) };
      return { $case: "marginStateChanged", value: { ...states, currency, isolated: output.isolated, ...margin } };
    }
    case 73:
      return { $case: "insurancePaid", value: { currency, amount: value(0) } };
    case 74:
      return { $case: "accountQuarantined", value: { reason: Number(value(0)) as RefusalReason } };
    case 75:
      return { $case: "regimeActivated", value: { regime: Number(value(0)), accounts: Number(value(1)) } };
    case 76: {
      const where = { term: Number(value(2)), row: Number(value(3)) };
      return {
        $case: "marginUnknown",
        value: { unknown: value(0) !== 0n, reason: Number(value(1)) as RefusalReason, ...where },
      };
    }
    case 77: {
      const ended = { quantity: value(1), reason: Number(value(2)) as HoldEnd };
      return { $case: "holdExpired", value: { orderKey: BigInt.asUintN(64, value(0)), ...ended } };
    }
    case 78: {
      const used = { quantity: value(1), quantityLeft: value(2) };
      return { $case: "holdUsed", value: { orderKey: BigInt.asUintN(64, value(0)), ...used } };
    }
    case 79:
      return { $case: "overrideExpired", value: { control: control(output), expiryTimeUs: value(1) } };
    case 80: {
      const tripped = { control: control(output), count: value(1), limit: value(2) };
      return { $case: "controlTripped", value: tripped };
    }
    default:
      return undefined;
  }
}

function control(output: Output): Control {
  return Number(output.value(0)) as Control;
}
