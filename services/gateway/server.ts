import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import { AccountServiceService } from "../../generated/proto/plimsoll/v1/account_service.ts";
import { AuditServiceService } from "../../generated/proto/plimsoll/v1/audit_service.ts";
import { ControlServiceService } from "../../generated/proto/plimsoll/v1/control_service.ts";
import { EvaluateServiceService } from "../../generated/proto/plimsoll/v1/evaluate_service.ts";
import { TransferServiceService } from "../../generated/proto/plimsoll/v1/transfer_service.ts";
import type { AuditDesk } from "../engine/auditDesk.ts";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { accountService } from "./accountService.ts";
import { GATE_SERVICE } from "./answerBytes.ts";
import { auditService } from "./auditService.ts";
import { letGoOfClosedStreams } from "./closedStreams.ts";
import { controlService } from "./controlService.ts";
import { evaluateService } from "./evaluateService.ts";
import { gateService } from "./gateService.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "./limits.ts";
import { reflectedPackage } from "./reflection.ts";
import { engineNotServing, GatewayError } from "./statusDetails.ts";
import { transferService } from "./transferService.ts";
import { Watchers, type WatchLoad } from "./watchers.ts";

/** Names under which the health service knows a state; the empty one is the whole server. */
const HEALTH_NAMES = [
  "",
  "plimsoll.v1.AccountService",
  "plimsoll.v1.AuditService",
  "plimsoll.v1.ControlService",
  "plimsoll.v1.EvaluateService",
  "plimsoll.v1.GateService",
  "plimsoll.v1.TransferService",
] as const;

export interface GatewayOptions {
  readonly engine: RiskEngine;
  /** Answers about the past; without it AuditService is not served. */
  readonly audit?: AuditDesk;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly limits?: Partial<GatewayLimits>;
}

export interface Gateway {
  /** The port that it listens on. */
  readonly port: number;
  /** What the watch streams hold at the moment. */
  readonly watchLoad: WatchLoad;
  /** Tells health and watchers, lets calls end, and cuts off those that have not after `closeWithinMs`. */
  close(): Promise<void>;
}

/** The address could not be listened on. */
export class GatewayAddressError extends Error {
  override readonly name = "GatewayAddressError";

  constructor(host: string, port: number, cause: Error) {
    super(`cannot listen on ${host}:${port}: choose another port, or 0 for any free one (${cause.message})`, { cause });
  }
}

/**
 * Serves an engine over gRPC, without transport security: bind it to the loopback or behind a proxy that has it.
 * @throws GatewayAddressError when the port is taken or the host is not of this machine
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { engine, host } = options;
  const limits: GatewayLimits = { ...DEFAULT_LIMITS, ...options.limits };
  letGoOfClosedStreams();
  const server = new Server({
    "grpc.max_receive_message_length": limits.receiveBytes,
    "grpc.max_send_message_length": limits.sendBytes,
    "grpc.max_concurrent_streams": limits.callsPerConnection,
    // A client that has vanished without a word holds a watch stream for a minute at most.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
  });
  const watchers = new Watchers(engine, limits);
  const health = new HealthImplementation();
  server.addService(AccountServiceService, accountService(engine, watchers, limits));
  if (options.audit !== undefined) server.addService(AuditServiceService, auditService(engine, options.audit));
  server.addService(EvaluateServiceService, evaluateService(engine));
  server.addService(GATE_SERVICE, gateService(engine, limits));
  server.addService(ControlServiceService, controlService(engine, limits));
  server.addService(TransferServiceService, transferService(engine, limits));
  health.addToServer(server);
  new ReflectionService(reflectedPackage()).addToServer(server);

  let port: number;
  try {
    port = await bind(server, host, options.port);
  } catch (cause) {
    watchers.close(closing());
    throw new GatewayAddressError(host, options.port, cause as Error);
  }

  const stopFollowing = followStatus(engine, health, watchers, limits.statusPollMs);
  let closed: Promise<void> | undefined;
  return {
    port,
    get watchLoad() {
      return watchers.load;
    },
    close() {
      closed ??= (async () => {
        stopFollowing();
        setHealth(health, false);
        watchers.close(closing());
        await shutDown(server, limits.closeWithinMs);
      })();
      return closed;
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

/** Health and watch streams follow the engine's status, which can change without a durable batch. */
function followStatus(
  engine: RiskEngine,
  health: HealthImplementation,
  watchers: Watchers,
  pollMs: number,
): () => void {
  let known: boolean | undefined;
  const look = () => {
    const { serving, reason } = engine.status;
    if (serving === known) {
      return;
    }
    known = serving;
    setHealth(health, serving);
    if (!serving) {
      watchers.endAll(engineNotServing(reason));
    }
  };
  look();
  const timer = setInterval(look, pollMs);
  timer.unref();
  const stopListening = engine.onDurable(look);
  return () => {
    clearInterval(timer);
    stopListening();
  };
}

function setHealth(health: HealthImplementation, serving: boolean): void {
  for (const name of HEALTH_NAMES) {
    health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  }
}

function closing(): GatewayError {
  return new GatewayError(status.UNAVAILABLE, "GATEWAY_CLOSING", "the gateway is closing: connect again later");
}

function shutDown(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), withinMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
