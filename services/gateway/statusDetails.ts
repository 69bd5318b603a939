import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { Any } from "../../generated/proto/google/protobuf/any.ts";
import { BadRequest, ErrorInfo } from "../../generated/proto/google/rpc/error_details.ts";
import { Status } from "../../generated/proto/google/rpc/status.ts";

export const ERROR_DOMAIN = "plimsoll";
export const GATE_BUSY = "GATE_BUSY";
const DETAILS_TRAILER = "grpc-status-details-bin";
const TYPE_PREFIX = "type.googleapis.com/";
// Error text travels in HTTP/2 headers, which peers bound; a client's own bytes must not make the answer unreadable.
const QUOTED_LENGTH = 64;

export interface FieldViolation {
  /** Path of the field in the request, for example `order.quantity`. */
  readonly field: string;
  readonly description: string;
}

/** An answer that is an error: the gRPC status, and what a program can switch on. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: status;
  /** Stable, upper snake case: the name of a RefusalReason, or one of the gateway's own. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];

  constructor(
    code: status,
    reason: string,
    message: string,
    metadata: Readonly<Record<string, string>> = {},
    violations: readonly FieldViolation[] = [],
  ) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
    this.violations = violations;
  }
}

/** INVALID_ARGUMENT that names the field, its value and the rule that it broke. */
export function invalidField(field: string, value: string, rule: string, reason: string): GatewayError {
  return new GatewayError(
    status.INVALID_ARGUMENT,
    reason,
    `${field} is ${quoted(value)}: ${rule}`,
    { field, value: shortened(value), rule },
    [{ field, description: rule }],
  );
}

/** NOT_FOUND for a name that the engine does not know. */
export function unknownName(kind: "account" | "instrument" | "currency" | "regime", name: string): GatewayError {
  return new GatewayError(
    status.NOT_FOUND,
    `${kind.toUpperCase()}_UNKNOWN`,
    `no ${kind} ${quoted(name)} is known here: names are case-sensitive`,
    { [kind]: shortened(name) },
  );
}

/** FAILED_PRECONDITION: the market lacks a fact that the account's regime needs (MAR-030). */
export function marginUnknown(account: string, place: string, why: string): GatewayError {
  return new GatewayError(
    status.FAILED_PRECONDITION,
    "MARGIN_UNKNOWN",
    `what ${quoted(account)} requires cannot be said: ${why}`,
    { account: shortened(account), place },
  );
}

/** UNAVAILABLE because the engine answers nothing at the moment. */
export function engineNotServing(why: string): GatewayError {
  return new GatewayError(status.UNAVAILABLE, "ENGINE_NOT_SERVING", `the engine is not serving: ${why}`, { why });
}

/** RESOURCE_EXHAUSTED because too much is asked at once: the same question may be asked again, later. */
export function gateBusy(why: string): GatewayError {
  return new GatewayError(status.RESOURCE_EXHAUSTED, GATE_BUSY, `${why}: ask again`);
}

/** A client's own text, short enough to be sent back. */
export function shortened(text: string): string {
  return text.length <= QUOTED_LENGTH ? text : `${text.slice(0, QUOTED_LENGTH)}...`;
}

function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** Anything thrown, as grpc-js sends it; what is not a GatewayError becomes INTERNAL. */
export function toServiceError(thrown: unknown): ServiceError {
  const error =
    thrown instanceof GatewayError
      ? thrown
      : new GatewayError(
          status.INTERNAL,
          "INTERNAL",
          `unexpected: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        );
  const info = ErrorInfo.encode({ reason: error.reason, domain: ERROR_DOMAIN, metadata: error.metadata }).finish();
  const details = [packed("google.rpc.ErrorInfo", info)];
  if (error.violations.length > 0) {
    details.push(
      packed("google.rpc.BadRequest", BadRequest.encode({ fieldViolations: [...error.violations] }).finish()),
    );
  }
  const trailer = new Metadata();
  trailer.set(
    DETAILS_TRAILER,
    Buffer.from(Status.encode({ code: error.code, message: error.message, details }).finish()),
  );
  return Object.assign(new Error(error.message), { code: error.code, details: error.message, metadata: trailer });
}

function packed(type: string, message: Uint8Array): Any {
  return { typeUrl: TYPE_PREFIX + type, value: Buffer.from(message) };
}

/** The GatewayError that the other side sent. @returns undefined when the error is not one of Plimsoll's own */
export function fromServiceError(error: ServiceError): GatewayError | undefined {
  const trailer = error.metadata?.get(DETAILS_TRAILER)[0];
  if (!(trailer instanceof Uint8Array)) {
    return undefined;
  }
  let info: ErrorInfo | undefined;
  let violations: readonly FieldViolation[] = [];
  const sent = Status.decode(trailer);
  for (const detail of sent.details) {
    if (detail.typeUrl === `${TYPE_PREFIX}google.rpc.ErrorInfo`) {
      info = ErrorInfo.decode(detail.value);
    } else if (detail.typeUrl === `${TYPE_PREFIX}google.rpc.BadRequest`) {
      violations = BadRequest.decode(detail.value).fieldViolations;
    }
  }
  return info?.domain === ERROR_DOMAIN
    ? new GatewayError(error.code, info.reason, sent.message, info.metadata, violations)
    : undefined;
}
