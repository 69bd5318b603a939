import { once } from "node:events";
import { type ServerWritableStream, status } from "@grpc/grpc-js";
import type {
  AuditServiceServer,
  GetAccountAtRequest,
  GetAccountAtResponse,
  Moment as MomentMessage,
  StreamHistoryRequest,
  StreamHistoryResponse,
} from "../../generated/proto/plimsoll/v1/audit_service.ts";
import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type AuditDesk,
  type HistoryEvent,
  type Moment,
  NoAnswerError,
  type NoAnswerReason,
  type PastState,
} from "../engine/auditDesk.ts";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { accountMessage, asOfMessage } from "./accountMessage.ts";
import { onDisk, requireServing, unary } from "./calls.ts";
import { requireText } from "./decimalField.ts";
import { derivationMessage } from "./derivationMessage.ts";
import { GatewayError, invalidField, toServiceError } from "./statusDetails.ts";

const CODES: Readonly<Record<NoAnswerReason, status>> = {
  ACCOUNT_UNKNOWN: status.NOT_FOUND,
  BEFORE_BIRTH: status.OUT_OF_RANGE,
  BEFORE_JOURNAL: status.OUT_OF_RANGE,
  BEYOND_HEAD: status.OUT_OF_RANGE,
  REGIME_UNKNOWN: status.FAILED_PRECONDITION,
  KERNEL_UNKNOWN: status.FAILED_PRECONDITION,
  NEVER_CHANGED: status.FAILED_PRECONDITION,
};

/** plimsoll.v1.AuditService over the desk of a journal. */
export function auditService(engine: RiskEngine, desk: AuditDesk): AuditServiceServer {
  return {
    getAccountAt: unary(engine, async (request) => {
      const answer = await getAccountAt(desk, request);
      // The desk reads the file, which may be ahead of the disk: what it read is there when the engine's batch is.
      await onDisk(engine);
      return answer;
    }),
    streamHistory: (call) => void streamHistory(engine, desk, call),
  };
}

async function getAccountAt(desk: AuditDesk, request: GetAccountAtRequest): Promise<GetAccountAtResponse> {
  requireText("account", request.account);
  const moment = momentOf("at", request.at);
  if (moment === undefined) throw invalidField("at", "", "must name a position or a time", "FIELD_MISSING");
  try {
    const { account, state, kernelHash, release } = await desk.accountAt(request.account, moment);
    const explanation = request.explain ? state.explain(account) : undefined;
    const answer = {
      asOf: asOfMessage(state.asOf()),
      account: accountMessage(state, account),
      derivation: explanation && derivationMessage(explanation.main, true),
      isolated: explanation?.isolated && derivationMessage(explanation.isolated, true),
      kernelHash: Buffer.from(kernelHash, "hex"),
    };
    release();
    return answer;
  } catch (error) {
    throw explained(error);
  }
}

async function streamHistory(
  engine: RiskEngine,
  desk: AuditDesk,
  call: ServerWritableStream<StreamHistoryRequest, StreamHistoryResponse>,
): Promise<void> {
  try {
    requireServing(engine);
    await onDisk(engine);
    const { account, from, to } = call.request;
    requireText("account", account);
    for await (const event of desk.history(account, momentOf("from", from), momentOf("to", to))) {
      if (call.cancelled) return;
      if (!call.write(historyMessage(event))) await Promise.race([once(call, "drain"), once(call, "cancelled")]);
    }
    call.end();
  } catch (error) {
    call.emit("error", toServiceError(explained(error)));
  }
}

function momentOf(field: string, message: MomentMessage | undefined): Moment | undefined {
  switch (message?.moment?.$case) {
    case "journalPosition": {
      const { value } = message.moment;
      if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return { position: Number(value) };
      throw invalidField(`${field}.journal_position`, `${value}`, "must be from 0 to 2^53 - 1", "POSITION_RANGE");
    }
    case "eventTimeUs":
      return { timeUs: message.moment.value };
    default:
      return undefined;
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof NoAnswerError)) return error;
  return new GatewayError(CODES[error.reason], error.reason, error.message, error.details);
}

function historyMessage(event: HistoryEvent & { readonly past: PastState }): StreamHistoryResponse {
  const { row, cause, source, state, margins, past } = event;
  const derived = cause.position !== row.position;
  const instrument = row.instrument ?? cause.instrument;
  const { names } = past;
  return {
    journalPosition: BigInt(row.position),
    eventTimeUs: BigInt(row.eventTimeUs),
    event: JournalEvent.decode(row.payload),
    causePosition: derived ? BigInt(cause.position) : undefined,
    cause: derived ? JournalEvent.decode(cause.payload) : undefined,
    instrument: instrument === undefined ? "" : names.instruments[instrument]!.name,
    source: source === undefined ? undefined : { ...source, offset: BigInt(source.offset) },
    state,
    margins: margins.map((line) => {
      const { name, scale } = names.currencies[line.currency]!;
      return {
        currency: name,
        instrument: line.instrument === undefined ? "" : names.instruments[line.instrument]!.name,
        equity: formatDecimal(line.equity, scale),
        initialMargin: formatDecimal(line.initialMargin, scale),
        maintenanceMargin: formatDecimal(line.maintenanceMargin, scale),
        state: line.state,
      };
    }),
  };
}
