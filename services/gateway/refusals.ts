import { status } from "@grpc/grpc-js";
import type { Refusal } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { PriceKind, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Currency, Instrument, Names } from "../engine/names.ts";
import type { OrderAnswer } from "../kernel/views.ts";
import { formatDecimal } from "../markets/decimal.ts";

/** What the value and the limit of a refusal count. */
type RefusedKind = "price" | "quantity" | "money" | "leverage" | "seconds" | "rate" | "count" | "nothing";

interface RefusalMeaning {
  readonly field: string;
  readonly kind: RefusedKind;
  /** The rule in docs/margin.md. */
  readonly rule: string;
  /** Status of a command that was refused so. A refused order is an answer and needs none. */
  readonly code: status;
}

const { INVALID_ARGUMENT, FAILED_PRECONDITION, NOT_FOUND, ALREADY_EXISTS, RESOURCE_EXHAUSTED } = status;

const MEANINGS: { readonly [reason: number]: RefusalMeaning } = {
  [RefusalReason.PRICE_LATE]: meaning("event_time", "nothing", "INP-003", FAILED_PRECONDITION),

  [RefusalReason.IDENTITY_CONFLICT]: meaning("request_id", "nothing", "INP-001", ALREADY_EXISTS),
  [RefusalReason.IDENTITY_TOO_OLD]: meaning("request_id", "nothing", "INP-001", FAILED_PRECONDITION),
  [RefusalReason.ACCOUNT_UNKNOWN]: meaning("account", "nothing", "MAR-024", NOT_FOUND),
  [RefusalReason.INSTRUMENT_UNKNOWN]: meaning("instrument", "nothing", "MAR-024", NOT_FOUND),
  [RefusalReason.CURRENCY_UNKNOWN]: meaning("currency", "nothing", "MAR-011", NOT_FOUND),
  [RefusalReason.ACCOUNT_EXISTS]: meaning("account", "nothing", "INP-001", ALREADY_EXISTS),

  [RefusalReason.FIELD_MISSING]: meaning("", "nothing", "INP-002", INVALID_ARGUMENT),
  [RefusalReason.PRICE_NOT_POSITIVE]: meaning("limit_price", "price", "MAR-024", INVALID_ARGUMENT),
  [RefusalReason.PRICE_OFF_TICK]: meaning("limit_price", "price", "MAR-024", INVALID_ARGUMENT),
  [RefusalReason.PRICE_LIMIT]: meaning("limit_price", "price", "MAR-024", INVALID_ARGUMENT),
  [RefusalReason.PRICE_BAND]: meaning("mark_price", "price", "INP-003", FAILED_PRECONDITION),
  [RefusalReason.PRICE_MISSING]: meaning("mark_price", "nothing", "MAR-024", FAILED_PRECONDITION),
  [RefusalReason.PRICE_STALE]: meaning("mark_age", "seconds", "CTL-017", FAILED_PRECONDITION),
  [RefusalReason.QUANTITY_NOT_POSITIVE]: meaning("quantity", "quantity", "MAR-024", INVALID_ARGUMENT),
  [RefusalReason.QUANTITY_OFF_LOT]: meaning("quantity", "quantity", "MAR-024", INVALID_ARGUMENT),
  [RefusalReason.QUANTITY_LIMIT]: meaning("quantity", "quantity", "MAR-024", INVALID_ARGUMENT),
  [RefusalReason.AMOUNT_NOT_POSITIVE]: meaning("amount", "money", "MAR-011", INVALID_ARGUMENT),
  [RefusalReason.AMOUNT_LIMIT]: meaning("amount", "money", "MAR-011", INVALID_ARGUMENT),
  [RefusalReason.LEVERAGE_RANGE]: meaning("leverage", "leverage", "MAR-020", INVALID_ARGUMENT),
  [RefusalReason.TIME_RANGE]: meaning("event_time", "seconds", "INP-004", FAILED_PRECONDITION),
  [RefusalReason.RATE_RANGE]: meaning("rate", "rate", "INP-005", INVALID_ARGUMENT),
  [RefusalReason.MODE_UNKNOWN]: meaning("margin_mode", "nothing", "MAR-019", INVALID_ARGUMENT),
  [RefusalReason.NOT_A_NUMBER]: meaning("", "nothing", "INP-006", INVALID_ARGUMENT),
  [RefusalReason.FEE_LIMIT]: meaning("fee", "money", "MAR-005", INVALID_ARGUMENT),

  [RefusalReason.FREE_COLLATERAL]: meaning("amount", "money", "MAR-015", FAILED_PRECONDITION),
  [RefusalReason.INITIAL_MARGIN]: meaning("initial_margin", "money", "MAR-014", FAILED_PRECONDITION),
  [RefusalReason.NOT_ISOLATED]: meaning("margin_mode", "nothing", "MAR-021", FAILED_PRECONDITION),
  [RefusalReason.POSTED_COLLATERAL]: meaning("posted", "money", "MAR-021", FAILED_PRECONDITION),

  [RefusalReason.INSTRUMENT_SETTLED]: meaning("instrument", "nothing", "MAR-010", FAILED_PRECONDITION),
  [RefusalReason.ACCOUNT_QUARANTINED]: meaning("account", "nothing", "INP-002", FAILED_PRECONDITION),
  [RefusalReason.NOT_REDUCING]: meaning("quantity", "quantity", "MAR-006", FAILED_PRECONDITION),
  [RefusalReason.ACCOUNT_RESERVED]: meaning("account", "nothing", "MAR-026", FAILED_PRECONDITION),
  [RefusalReason.HOLD_UNKNOWN]: meaning("order_id", "nothing", "MAR-037", NOT_FOUND),
  [RefusalReason.HOLD_EXISTS]: meaning("order_id", "nothing", "MAR-037", ALREADY_EXISTS),

  [RefusalReason.KILL_SWITCH]: meaning("switch", "nothing", "CTL-001", FAILED_PRECONDITION),
  [RefusalReason.TRADING_HALTED]: meaning("switch", "nothing", "CTL-002", FAILED_PRECONDITION),
  [RefusalReason.INSTRUMENT_NOT_PERMITTED]: meaning("instrument", "nothing", "CTL-002", FAILED_PRECONDITION),
  [RefusalReason.ACCOUNT_STATE]: meaning("account", "nothing", "CTL-003", FAILED_PRECONDITION),
  [RefusalReason.REDUCE_ONLY]: meaning("switch", "nothing", "CTL-004", FAILED_PRECONDITION),
  [RefusalReason.PRICE_COLLAR]: meaning("limit_price", "price", "CTL-006", FAILED_PRECONDITION),
  [RefusalReason.ORDER_QUANTITY]: meaning("quantity", "quantity", "CTL-007", FAILED_PRECONDITION),
  [RefusalReason.ORDER_NOTIONAL]: meaning("notional", "money", "CTL-008", FAILED_PRECONDITION),
  [RefusalReason.MESSAGE_RATE]: meaning("messages_per_second", "nothing", "CTL-009", RESOURCE_EXHAUSTED),
  [RefusalReason.POSITION_LIMIT]: meaning("position", "quantity", "CTL-010", FAILED_PRECONDITION),
  [RefusalReason.OPEN_ORDER_LIMIT]: meaning("open_orders", "count", "CTL-011", FAILED_PRECONDITION),
  [RefusalReason.OPEN_QUANTITY_LIMIT]: meaning("open_quantity", "quantity", "CTL-011", FAILED_PRECONDITION),
  [RefusalReason.OPEN_NOTIONAL_LIMIT]: meaning("open_notional", "money", "CTL-011", FAILED_PRECONDITION),
  [RefusalReason.CREDIT_LIMIT]: meaning("gross_notional", "money", "CTL-012", FAILED_PRECONDITION),
  [RefusalReason.CONCENTRATION]: meaning("position", "quantity", "CTL-013", FAILED_PRECONDITION),
  [RefusalReason.REPEATED_EXECUTION]: meaning("account", "nothing", "CTL-014", FAILED_PRECONDITION),
  [RefusalReason.ENGINE_BEHIND]: meaning("feed_age", "seconds", "CTL-015", status.UNAVAILABLE),
  [RefusalReason.CONTROL_UNKNOWN]: meaning("control", "nothing", "CTL-005", INVALID_ARGUMENT),
  [RefusalReason.CONTROL_SCOPE]: meaning("scope", "nothing", "CTL-005", INVALID_ARGUMENT),
  [RefusalReason.CONTROL_VALUE]: meaning("value", "count", "CTL-005", INVALID_ARGUMENT),
  [RefusalReason.OVERRIDE_IDENTITIES]: meaning("approved_by", "nothing", "CTL-016", INVALID_ARGUMENT),
  [RefusalReason.OVERRIDE_EXPIRY]: meaning("expiry_time_us", "count", "CTL-016", INVALID_ARGUMENT),

  [RefusalReason.CAPACITY]: meaning("", "nothing", "", RESOURCE_EXHAUSTED),
  [RefusalReason.OVERFLOW]: meaning("", "nothing", "", status.OUT_OF_RANGE),
};

const NO_MEANING = meaning("", "nothing", "", FAILED_PRECONDITION);

const NAMES = new Map<number, string>(Object.entries(RefusalReason).map(([name, number]) => [number, name]));

/** The name of a reason without its prefix, for example `FREE_COLLATERAL`. */
export function refusalName(code: number): string {
  return NAMES.get(code) ?? `REASON_${code}`;
}

/** The gRPC status of a command that was refused with this reason. */
export function refusalStatus(code: number): status {
  return (MEANINGS[code] ?? NO_MEANING).code;
}

/** A refusal with its numbers as text, in the unit of its reason. A transfer has no instrument. */
export function refusalMessage(
  refused: { readonly code: number; readonly value: bigint; readonly limit: bigint },
  currency: Currency,
  instrument: Instrument | undefined,
): Refusal {
  const { field, kind, rule } = MEANINGS[refused.code] ?? NO_MEANING;
  const measure = measureOf(kind, currency, instrument);
  return {
    reason: refused.code as RefusalReason,
    field,
    value: measure === undefined ? "" : formatDecimal(refused.value, measure.scale),
    limit: measure === undefined ? "" : formatDecimal(refused.limit, measure.scale),
    unit: measure?.unit ?? "",
    rule,
    priceOf: "",
  };
}

const PRICE_FIELDS: { readonly [kind: number]: string } = {
  [PriceKind.MARK]: "mark",
  [PriceKind.VOLATILITY]: "volatility",
  [PriceKind.FORWARD]: "forward",
  [PriceKind.INDEX]: "index",
};

/** A refused order. Of a price that is too old or missing it says which of whose prices (CTL-017). */
export function orderRefusal(answer: OrderAnswer, currency: Currency, instrument: Instrument, names: Names): Refusal {
  const refusal = refusalMessage(answer, currency, instrument);
  const price = PRICE_FIELDS[answer.priceKind];
  if (price === undefined) return refusal;
  const field = answer.code === RefusalReason.PRICE_STALE ? `${price}_age` : `${price}_price`;
  return { ...refusal, field, priceOf: names.keys[answer.priceKey] ?? "" };
}

/** Of a release, which says neither instrument nor currency. */
export function refusalWithoutNumbers(code: number): Refusal {
  const { field, rule } = MEANINGS[code] ?? NO_MEANING;
  return { reason: code as RefusalReason, field, value: "", limit: "", unit: "", rule, priceOf: "" };
}

/** A refusal as a sentence. */
export function refusalSentence(refusal: Refusal): string {
  const name = refusalName(refusal.reason);
  const rule = refusal.rule === "" ? "" : ` (${refusal.rule})`;
  if (refusal.value === "") {
    return `${name}${rule}`;
  }
  const unit = refusal.unit === "" ? "" : ` ${refusal.unit}`;
  const whose = refusal.priceOf === "" ? "" : ` of ${refusal.priceOf}`;
  return `${name}: ${refusal.field}${whose} ${refusal.value}${unit} against a limit of ${refusal.limit}${unit}${rule}`;
}

function measureOf(
  kind: RefusedKind,
  currency: Currency,
  instrument: Instrument | undefined,
): { scale: number; unit: string } | undefined {
  switch (kind) {
    case "money":
      return { scale: currency.scale, unit: currency.name };
    case "price":
      return instrument && { scale: instrument.listing.priceScale, unit: instrument.name };
    case "quantity":
      return instrument && { scale: instrument.listing.quantityScale, unit: instrument.name };
    case "leverage":
      return { scale: 2, unit: "x" };
    case "seconds":
      return { scale: 6, unit: "s" };
    case "rate":
      return { scale: 9, unit: "" };
    case "count":
      return { scale: 0, unit: "" };
    case "nothing":
      return undefined;
  }
}

function meaning(field: string, kind: RefusedKind, rule: string, code: status): RefusalMeaning {
  return { field, kind, rule, code };
}
