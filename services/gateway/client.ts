import {
  type CallOptions,
  type ClientDuplexStream,
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
  type AmendHoldResponse,
  type CheckOrderResponse,
  type CureResponse,
  type DecideResponse,
  type DecideStreamRequest,
  type DecideStreamResponse,
  type GateCall,
  GateServiceClient,
  type HoldAmendment,
  type HoldPlacement,
  type HoldRelease,
  type LiquidationMovesResponse,
  type MaxOrderRequest,
  type MaxOrderResponse,
  type Order,
  type PlaceHoldResponse,
  type ReleaseHoldResponse,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import {
  type DepositRequest,
  type DepositResponse,
  TransferServiceClient,
  type WithdrawRequest,
  type WithdrawResponse,
} from "../../generated/proto/plimsoll/v1/transfer_service.ts";
import { letGoOfClosedStreams } from "./closedStreams.ts";
import { fromServiceError, GatewayError, gateBusy } from "./statusDetails.ts";

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
  /** How long one call may take; 5 s unless told otherwise. A watch has no end. */
  readonly deadlineMs?: number;
  /** Calls of this client that may wait for an answer; further ones are turned away here, at once. No bound unless given. */
  readonly callsWaiting?: number;
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
  /** Made once: under overload an error with its stack each time would cost more than sending. */
  readonly #busy: GatewayError;
  #waiting = 0;

  constructor({ host, port, clockMs, deadlineMs = 5_000, callsWaiting = Infinity }: GatewayAddress) {
    letGoOfClosedStreams();
    this.#address = { host, port, clockMs, deadlineMs, callsWaiting };
    this.#busy = gateBusy(`${callsWaiting} calls of this client wait for an answer`);
    const target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    // A connection of its own, which grpc-js would share among clients; and one for all services.
    const options = { "grpc.use_local_subchannel_pool": 1 };
    this.#accounts = new AccountServiceClient(target, credentials.createInsecure(), options);
    const channelOverride = this.#accounts.getChannel();
    this.#audit = new AuditServiceClient(target, credentials.createInsecure(), { channelOverride });
    this.#evaluations = new EvaluateServiceClient(target, credentials.createInsecure(), { channelOverride });
    this.#gate = new GateServiceClient(target, credentials.createInsecure(), { channelOverride });
    this.#transfers = new TransferServiceClient(target, credentials.createInsecure(), { channelOverride });
    this.#controls = new ControlServiceClient(target, credentials.createInsecure(), { channelOverride });
  }

  /** As many calls wait as may: the next one would be turned away. */
  get full(): boolean {
    return this.#waiting >= this.#address.callsWaiting;
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

  placeHold(hold: HoldPlacement): Promise<PlaceHoldResponse> {
    return this.#call((...rest) => this.#gate.placeHold({ hold }, ...rest));
  }

  amendHold(amendment: HoldAmendment): Promise<AmendHoldResponse> {
    return this.#call((...rest) => this.#gate.amendHold({ amendment }, ...rest));
  }

  releaseHold(release: HoldRelease): Promise<ReleaseHoldResponse> {
    return this.#call((...rest) => this.#gate.releaseHold({ release }, ...rest));
  }

  /** Many questions in one message, answered in their order. */
  decide(calls: readonly GateCall[]): Promise<DecideResponse> {
    return this.#call((...rest) => this.#gate.decide({ calls: [...calls] }, ...rest));
  }

  /** The stream itself: write messages, read one answer for each. */
  decideStream(): ClientDuplexStream<DecideStreamRequest, DecideStreamResponse> {
    return this.#gate.decideStream();
  }

  maxOrder(request: MaxOrderRequest): Promise<MaxOrderResponse> {
    return this.#call((...rest) => this.#gate.maxOrder(request, ...rest));
  }

  cure(account: string): Promise<CureResponse> {
    return this.#call((...rest) => this.#gate.cure({ account }, ...rest));
  }

  liquidationMoves(account: string, underlying: string): Promise<LiquidationMovesResponse> {
    return this.#call((...rest) => this.#gate.liquidationMoves({ account, underlying }, ...rest));
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
    if (this.full) {
      return Promise.reject(this.#busy);
    }
    const { clockMs, deadlineMs } = this.#address;
    this.#waiting += 1;
    return new Promise((resolve, reject) => {
      send(new Metadata(), { deadline: clockMs() + deadlineMs }, (error, response) => {
        this.#waiting -= 1;
        if (error === null) resolve(response);
        else reject(this.#explained(error));
      });
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
