import { JournalEvent, type OrderFigures, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountCommand } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { JournalRow } from "../journal/journal.ts";
import { bindingName } from "../kernel/bindingName.ts";
import type { OrderAnswer } from "../kernel/views.ts";
import type { HoldOutcome, HoldRequest } from "./riskEngine.ts";

/** A request for an order as the account's command that the journal keeps; its request id is the command's id. */
export function holdCommand(request: HoldRequest): AccountCommand {
  const { kind, requestId: commandId, account, orderId, instrument, side, quantity, price } = request;
  const { reduceOnly, expiresAtUs } = request;
  const command = { commandId, account, eventTimeUs: 0n };
  switch (kind) {
    case "place": {
      const value = { orderId, instrument, side, quantity, price, reduceOnly, expiresAtUs };
      return { ...command, command: { $case: "placeHold", value } };
    }
    case "amend":
      return { ...command, command: { $case: "amendHold", value: { orderId, quantity, price, expiresAtUs } } };
    case "release":
      return { ...command, command: { $case: "releaseHold", value: { orderId } } };
  }
}

/**
 * What a request's row answers.
 * @returns the answer, or the journal position of the row that answered the same request id before
 */
export function holdOutcomeOfRow(
  row: JournalRow,
): Omit<HoldOutcome, "asOf" | "duplicate"> | { readonly answeredAt: bigint } {
  const { body } = JournalEvent.decode(row.payload);
  switch (body?.$case) {
    case "holdPlaced":
    case "holdAmended":
      return outcome(0, 0n, 0n, body.value.figures);
    case "holdReleased":
      return outcome(0, 0n, 0n, undefined);
    case "inputRefused": {
      const { reason, value, limit, figures } = body.value;
      if (reason === RefusalReason.DUPLICATE && value > 0n) return { answeredAt: value };
      return outcome(reason, value, limit, figures);
    }
    default:
      throw new Error(`event ${row.position} of kind ${row.kind} answers no request for an order`);
  }
}

function outcome(code: number, value: bigint, limit: bigint, figures: OrderFigures | undefined) {
  const binding = bindingName(code !== 0 ? code : (figures?.binding ?? 0));
  const answer: OrderAnswer = { ...NOTHING_LOOKED_AT, ...figures, code, value, limit, binding };
  return { code, value, limit, binding, figures: answer };
}

export const NOTHING_LOOKED_AT = {
  reduces: false,
  fee: 0n,
  initialMarginBefore: 0n,
  initialMarginAfter: 0n,
  maintenanceMarginBefore: 0n,
  maintenanceMarginAfter: 0n,
  equityBefore: 0n,
  equityAfter: 0n,
  freeCollateralBefore: 0n,
  freeCollateralAfter: 0n,
  priceKind: 0,
  priceKey: 0,
};
