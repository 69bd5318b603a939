import {
  type CallOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import {
  AccountServiceClient,
  type GetAccountResponse,
  type ListAccountsRequest,
  type ListAccountsResponse,
  type WatchAccountsResponse,
} from "../../generated/proto/plimsoll/v1/account_service.ts";
import {
  AuditServiceClient,
  type GetAccountAtRequest,
  type GetAccountAtResponse,
  type StreamHistoryRequest,
  type StreamHistoryResponse,
} from "../../generated/proto/plimsoll/v1/audit_service.ts";
import {
  ControlServiceClient,
  type ListControlsResponse,
  type SetLimitRequest,
  type SetLimitResponse,
  type SetOverrideRequest,
  type SetOverrideResponse,
  type SetSwitchRequest,
  type SetSwitchResponse,
} from "../../generated/proto/plimsoll/v1/control_service.ts";
import {
  type EvaluateRequest,
  type EvaluateResponse,
  EvaluateServiceClient,
  type ExplainAccountResponse,
  type GetAccountBookResponse,
  type ListRegimesResponse,
} from "../../generated/proto/plimsoll/v1/evaluate_service.ts";
import {
  type CheckOrderResponse,
  GateServiceClient,
  type Order,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import {
  type DepositRequest,
  type DepositResponse,
  TransferServiceClient,
  type WithdrawRequest,
  type WithdrawResponse,
} from "../../generated/proto/plimsoll/v1/transfer_service.ts";
import { fromServiceError, GatewayError } from "./statusDetails.ts";

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
  /** How long one call may take; 5 s unless told otherwise. A watch has no end. */
  readonly deadlineMs?: number;
  /** Wall clock that deadlines are counted on, in milliseconds since 1970. */
  readonly clockMs: () => number;
}

/** Nothing that speaks gRPC answers there. */
export class GatewayUnreachableError extends Error {
  override readonly name = "GatewayUnreachableError";

  constructor(host: string, port: number, cause: Error) {
    super(`no engine answers on ${host}:${port}; start one with \`npm start\``, { cause });
  }
}

/** An engine is there and has not answered in time. Whether it did what was asked is unknown. */
export class GatewayTimeoutError extends Error {
  override readonly name = "GatewayTimeoutError";

  constructor(host: string, port: number, deadlineMs: number, cause: Error) {
    super(`${host}:${port} gave no answer within ${deadlineMs} ms`, { cause });
  }
}

/**
 * A connection to one gateway. Each call throws GatewayError when the gateway refused it, GatewayUnreachableError when
 * nothing answers, GatewayTimeoutError when an answer is late.
 */
export class GatewayClient {
  readonly #accounts: AccountServiceClient;
  readonly #audit: AuditServiceClient;
  readonly #evaluations: EvaluateServiceClient;
  readonly #gate: GateServiceClient;
  readonly #transfers: TransferServiceClient;
  readonly #controls: ControlServiceClient;
  readonly #address: Required<GatewayAddress>;

  constructor({ host, port, clockMs, deadlineMs = 5_000 }: GatewayAddress) {
    this.#address = { host, port, clockMs, deadlineMs };
    const target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    this.#accounts = new AccountServiceClient(target, credentials.createInsecure());
    // One connection for all of them.
    const channelOverride = this.#accounts.getChannel();
    this.#audit = new AuditServiceClient(target, credentials.createInsecure(), { channelOverride });
    this.#evaluations = new EvaluateServiceClient(target, credentials.createInsecure(), { channelOverride });
    this.#gate = new GateServiceClient(target, credentials.createInsecure(), { channelOverride });
    this.#transfers = new TransferServiceClient(target, credentials.createInsecure(), { channelOverride });
    this.#controls = new ControlServiceClient(target, credentials.createInsecure(), { channelOverride });
  }

  getAccount(account: string): Promise<GetAccountResponse> {
    return this.#call((...rest) => this.#accounts.getAccount({ account }, ...rest));
  }

  listAccounts(request: ListAccountsRequest): Promise<ListAccountsResponse> {
    return this.#call((...rest) => this.#accounts.listAccounts(request, ...rest));
  }

  /** The stream itself: an async iterable, to be cancelled by the reader. No names: all accounts. */
  watchAccounts(accounts: readonly string[]): ClientReadableStream<WatchAccountsResponse> {
    return this.#accounts.watchAccounts({ accounts: [...accounts] });
  }

  getAccountAt(request: GetAccountAtRequest): Promise<GetAccountAtResponse> {
    return this.#call((...rest) => this.#audit.getAccountAt(request, ...rest));
  }

  /** The stream itself: an async iterable, to be cancelled by the reader. */
  streamHistory(request: StreamHistoryRequest): ClientReadableStream<StreamHistoryResponse> {
    return this.#audit.streamHistory(request);
  }

  checkOrder(order: Order): Promise<CheckOrderResponse> {
    return this.#call((...rest) => this.#gate.checkOrder({ order }, ...rest));
  }

  deposit(request: DepositRequest): Promise<DepositResponse> {
    return this.#call((...rest) => this.#transfers.deposit(request, ...rest));
  }

  withdraw(request: WithdrawRequest): Promise<WithdrawResponse> {
    return this.#call((...rest) => this.#transfers.withdraw(request, ...rest));
  }

  evaluate(request: EvaluateRequest): Promise<EvaluateResponse> {
    return this.#call((...rest) => this.#evaluations.evaluate(request, ...rest));
  }

  listRegimes(): Promise<ListRegimesResponse> {
    return this.#call((...rest) => this.#evaluations.listRegimes({}, ...rest));
  }

  explainAccount(account: string): Promise<ExplainAccountResponse> {
    return this.#call((...rest) => this.#evaluations.explainAccount({ account }, ...rest));
  }

  getAccountBook(account: string): Promise<GetAccountBookResponse> {
    return this.#call((...rest) => this.#evaluations.getAccountBook({ account }, ...rest));
  }

  setLimit(request: SetLimitRequest): Promise<SetLimitResponse> {
    return this.#call((...rest) => this.#controls.setLimit(request, ...rest));
  }

  setSwitch(request: SetSwitchRequest): Promise<SetSwitchResponse> {
    return this.#call((...rest) => this.#controls.setSwitch(request, ...rest));
  }

  setOverride(request: SetOverrideRequest): Promise<SetOverrideResponse> {
    return this.#call((...rest) => this.#controls.setOverride(request, ...rest));
  }

  listControls(): Promise<ListControlsResponse> {
    return this.#call((...rest) => this.#controls.listControls({}, ...rest));
  }

  close(): void {
    this.#accounts.close();
  }

  #call<Response>(
    send: (
      metadata: Metadata,
      options: Partial<CallOptions>,
      callback: (error: ServiceError | null, response: Response) => void,
    ) => void,
  ): Promise<Response> {
    const { clockMs, deadlineMs } = this.#address;
    return new Promise((resolve, reject) => {
      send(new Metadata(), { deadline: clockMs() + deadlineMs }, (error, response) =>
        error === null ? resolve(response) : reject(this.#explained(error)),
      );
    });
  }

  #explained(error: ServiceError): Error {
    const { host, port, deadlineMs } = this.#address;
    const sent = fromServiceError(error);
    if (sent !== undefined) {
      return sent;
    }
    switch (error.code) {
      case status.UNAVAILABLE:
        return new GatewayUnreachableError(host, port, error);
      case status.DEADLINE_EXCEEDED:
        return new GatewayTimeoutError(host, port, deadlineMs, error);
      default:
        return new GatewayError(error.code, status[error.code] ?? "UNKNOWN", error.details);
    }
  }
}
