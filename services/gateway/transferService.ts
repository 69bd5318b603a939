import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type {
  DepositRequest,
  DepositResponse,
  TransferServiceServer,
} from "../../generated/proto/plimsoll/v1/transfer_service.ts";
import type { Currency } from "../engine/names.ts";
import type { CommandOutcome, RiskEngine } from "../engine/riskEngine.ts";
import { asOfMessage } from "./accountMessage.ts";
import { unary } from "./calls.ts";
import { AMOUNT_REASONS, decimalField, requireText } from "./decimalField.ts";
import type { GatewayLimits } from "./limits.ts";
import { refusalMessage, refusalName, refusalSentence, refusalStatus } from "./refusals.ts";
import { GatewayError, invalidField, shortened, unknownName } from "./statusDetails.ts";

/** plimsoll.v1.TransferService over an engine. */
export function transferService(engine: RiskEngine, limits: GatewayLimits): TransferServiceServer {
  const transfer = (kind: "deposit" | "withdrawal") =>
    unary<DepositRequest, DepositResponse>(engine, async (request) => {
      requireName("request_id", request.requestId, limits);
      requireName("account", request.account, limits);
      const currency = currencyOf(engine, request.currency);
      const amount = decimalField("amount", request.amount, currency.scale, AMOUNT_REASONS);
      const outcome = await engine.submit({
        commandId: request.requestId,
        account: request.account,
        // Time comes with the feed: the wall clock would make the marks of a replayed market stale.
        eventTimeUs: engine.asOf().eventTimeUs,
        command: { $case: kind, value: { currency: currency.name, amount } },
      });
      return transferMessage(outcome, request.account, currency);
    });
  return { deposit: transfer("deposit"), withdraw: transfer("withdrawal") };
}

function transferMessage(outcome: CommandOutcome, account: string, currency: Currency): DepositResponse {
  const asOf = asOfMessage(outcome.asOf);
  switch (outcome.code) {
    case 0:
      return { asOf, duplicate: false };
    case RefusalReason.DUPLICATE:
      return { asOf, duplicate: true };
    case RefusalReason.ACCOUNT_UNKNOWN:
      throw unknownName("account", account);
    default: {
      const refusal = refusalMessage(outcome, currency, undefined);
      const { field, value, limit, unit, rule } = refusal;
      throw new GatewayError(
        refusalStatus(outcome.code),
        refusalName(outcome.code),
        `${shortened(account)}: ${refusalSentence(refusal)}`,
        { field, value, limit, unit, rule, journal_position: `${outcome.asOf.journalPosition}` },
      );
    }
  }
}

function requireName(field: string, text: string, limits: GatewayLimits): void {
  requireText(field, text);
  if (Buffer.byteLength(text) > limits.nameLength) {
    throw invalidField(field, text, `must be at most ${limits.nameLength} bytes`, "NAME_TOO_LONG");
  }
}

function currencyOf(engine: RiskEngine, name: string): Currency {
  requireText("currency", name);
  const currency = engine.names.currency(name);
  if (currency === undefined) {
    throw unknownName("currency", name);
  }
  return engine.names.currencies[currency]!;
}
