import type {
  ControlOrigin,
  ControlScope,
  ControlServiceServer,
  ListControlsResponse,
  SetLimitRequest,
  SetLimitResponse,
} from "../../generated/proto/plimsoll/v1/control_service.ts";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type Control, type ControlCommand, Switch } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Currency, Instrument, Names } from "../engine/names.ts";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { asOfMessage } from "./accountMessage.ts";
import { reading, unary } from "./calls.ts";
import { limitScales } from "./controlUnits.ts";
import { AMOUNT_REASONS, decimalField, requireText } from "./decimalField.ts";
import type { GatewayLimits } from "./limits.ts";
import { refusalMessage, refusalName, refusalSentence, refusalStatus } from "./refusals.ts";
import { GatewayError, invalidField, unknownName } from "./statusDetails.ts";

const SWITCHES = [Switch.KILL, Switch.HALT, Switch.REDUCE_ONLY, Switch.NOT_PERMITTED] as const;

/** What to do about a refusal whose name alone does not say it. */
const ADVICE: { readonly [reason: number]: string } = {
  [RefusalReason.CONTROL_SCOPE]:
    "the control has no such scope. position, open-quantity, open-notional and concentration need an instrument; message " +
    "and execution rates and order-executions name none; credit, and order-notional without an instrument, need a " +
    "currency, the others none; an override names an account or an instrument",
  [RefusalReason.CONTROL_VALUE]: "counted in the smallest units of the control",
  [RefusalReason.OVERRIDE_IDENTITIES]: "by and approved_by must be two different people",
  [RefusalReason.OVERRIDE_EXPIRY]: "an override ends after the market's present time and within a day of it",
};

/** plimsoll.v1.ControlService over an engine (docs/controls.md). */
export function controlService(engine: RiskEngine, limits: GatewayLimits): ControlServiceServer {
  const { names } = engine;
  const set = (
    origin: ControlOrigin | undefined,
    scope: ControlScope | undefined,
    command: NonNullable<ControlCommand["command"]>,
  ) => submit(engine, limits, origin, scope, command);
  return {
    setLimit: unary(engine, (request) =>
      set(request.origin, request.scope, { $case: "setLimit", value: limitOf(names, request) }),
    ),
    setSwitch: unary(engine, ({ origin, scope, switch: which, on }) =>
      set(origin, scope, { $case: "setSwitch", value: { switch: which, on } }),
    ),
    setOverride: unary(engine, ({ origin, scope, control, approvedBy, expiryTimeUs }) =>
      set(origin, scope, { $case: "setOverride", value: { control, approvedBy, expiryTimeUs } }),
    ),
    listControls: reading(engine, () => listMessage(engine)),
  };
}

/** @throws GatewayError INVALID_ARGUMENT for what is no number of the control, NOT_FOUND for names that nobody knows */
function limitOf(names: Names, { control, scope, value, burst }: SetLimitRequest) {
  const { instrument, currency } = namedBy(names, scope);
  const scales = limitScales(control, instrument, currency);
  return {
    control,
    value: value === undefined ? undefined : decimalField("value", value, scales.value, AMOUNT_REASONS),
    burst: burst === undefined ? 0n : decimalField("burst", burst, scales.burst, AMOUNT_REASONS),
  };
}

interface Named {
  readonly instrument: Instrument | undefined;
  readonly currency: Currency | undefined;
}

/** The instrument of a scope, and the currency that its money is counted in. */
function namedBy(names: Names, scope: ControlScope | undefined): Named {
  const { account = "", instrument = "", currency = "" } = scope ?? {};
  if (account !== "" && names.account(account) === undefined) throw unknownName("account", account);
  const instrumentNumber = names.instrument(instrument);
  if (instrument !== "" && instrumentNumber === undefined) throw unknownName("instrument", instrument);
  const currencyNumber = names.currency(currency);
  if (currency !== "" && currencyNumber === undefined) throw unknownName("currency", currency);
  const found = instrumentNumber === undefined ? undefined : names.instruments[instrumentNumber]!;
  const settled = currencyNumber ?? found?.currency;
  return { instrument: found, currency: settled === undefined ? undefined : names.currencies[settled]! };
}

async function submit(
  engine: RiskEngine,
  limits: GatewayLimits,
  origin: ControlOrigin | undefined,
  scope: ControlScope | undefined,
  command: NonNullable<ControlCommand["command"]>,
): Promise<SetLimitResponse> {
  const { requestId = "", by = "", reason = "" } = origin ?? {};
  for (const [field, text] of [
    ["origin.request_id", requestId],
    ["origin.by", by],
    ["origin.reason", reason],
  ] as const) {
    requireText(field, text);
    if (Buffer.byteLength(text) > limits.nameLength) {
      throw invalidField(field, text, `must be at most ${limits.nameLength} bytes`, "NAME_TOO_LONG");
    }
  }
  const { instrument, currency } = namedBy(engine.names, scope);
  const outcome = await engine.submitControl(scope?.instrument ?? "", {
    commandId: requestId,
    account: scope?.account ?? "",
    currency: scope?.currency ?? "",
    by,
    reason,
    command,
  });
  const asOf = asOfMessage(outcome.asOf);
  if (outcome.code === 0) return { asOf, duplicate: false };
  if (outcome.code === RefusalReason.DUPLICATE) return { asOf, duplicate: true };
  const refusal = refusalMessage(outcome, currency ?? { name: "", scale: 0 }, instrument);
  const { field, value, limit, unit, rule } = refusal;
  const advice = ADVICE[outcome.code];
  const sentence = advice === undefined ? refusalSentence(refusal) : `${refusalSentence(refusal)}: ${advice}`;
  throw new GatewayError(refusalStatus(outcome.code), refusalName(outcome.code), sentence, {
    field,
    value,
    limit,
    unit,
    rule,
    journal_position: `${outcome.asOf.journalPosition}`,
  });
}

function listMessage(engine: RiskEngine): ListControlsResponse {
  const { names } = engine;
  const { limits, switches, overrides, stopped } = engine.controls();
  const scopeMessage = (at: {
    readonly account: number | undefined;
    readonly instrument: number | undefined;
    readonly currency?: number | undefined;
  }): ControlScope => ({
    account: at.account === undefined ? "" : names.accounts[at.account]!,
    instrument: at.instrument === undefined ? "" : names.instruments[at.instrument]!.name,
    currency: at.currency === undefined ? "" : names.currencies[at.currency]!.name,
  });
  return {
    asOf: asOfMessage(engine.asOf()),
    limits: limits.map((limit) => {
      const scope = scopeMessage(limit);
      const { instrument, currency } = namedBy(names, scope);
      const scales = limitScales(limit.control as Control, instrument, currency);
      return {
        control: limit.control as Control,
        scope,
        value: formatDecimal(limit.value, scales.value),
        burst: formatDecimal(limit.burst, scales.burst),
      };
    }),
    switches: switches.flatMap((at) =>
      SWITCHES.filter((which) => (at.switches & which) !== 0).map((which) => ({
        switch: which,
        scope: scopeMessage(at),
      })),
    ),
    overrides: overrides.map((override) => ({
      control: override.control as Control,
      scope: scopeMessage(override),
      expiryTimeUs: override.expiryUs,
    })),
    stopped: stopped.map(({ account, control }) => ({
      account: names.accounts[account]!,
      control: control as Control,
    })),
  };
}
