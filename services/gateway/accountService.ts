import type {
  AccountServiceServer,
  GetAccountRequest,
  GetAccountResponse,
  ListAccountsRequest,
  ListAccountsResponse,
} from "../../generated/proto/plimsoll/v1/account_service.ts";
import { MarginState } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { accountMessage, asOfMessage, rankRatioMessage } from "./accountMessage.ts";
import { reading } from "./calls.ts";
import { requireText } from "./decimalField.ts";
import type { GatewayLimits } from "./limits.ts";
import { decodePageToken, encodePageToken, indexAfter } from "./pageToken.ts";
import { invalidField, unknownName } from "./statusDetails.ts";
import type { Watchers } from "./watchers.ts";

/** plimsoll.v1.AccountService over an engine. */
export function accountService(engine: RiskEngine, watchers: Watchers, limits: GatewayLimits): AccountServiceServer {
  return {
    getAccount: reading(engine, (request) => getAccount(engine, request)),
    listAccounts: reading(engine, (request) => listAccounts(engine, request, limits)),
    watchAccounts: (call) => watchers.open(call),
  };
}

function getAccount(engine: RiskEngine, request: GetAccountRequest): GetAccountResponse {
  requireText("account", request.account);
  const account = engine.names.account(request.account);
  if (account === undefined) {
    throw unknownName("account", request.account);
  }
  return { asOf: asOfMessage(engine.asOf()), account: accountMessage(engine, account) };
}

function listAccounts(engine: RiskEngine, request: ListAccountsRequest, limits: GatewayLimits): ListAccountsResponse {
  const size = pageSize(request.pageSize, limits);
  const minimumState = request.minimumState;
  if (minimumState < MarginState.UNSPECIFIED || minimumState > MarginState.BANKRUPT) {
    throw invalidField("minimum_state", `${minimumState}`, "must be a MarginState", "STATE_UNKNOWN");
  }
  const ranks = engine.accountsByMarginRatio();
  const accounts = [];
  let last = decodePageToken(request.pageToken, minimumState);
  for (let index = indexAfter(ranks, last); index < ranks.length; index++) {
    const rank = ranks[index]!;
    if (rank.state < minimumState) {
      continue;
    }
    if (accounts.length === size) {
      return { asOf: asOfMessage(engine.asOf()), accounts, nextPageToken: encodePageToken(last!, minimumState) };
    }
    accounts.push({
      account: engine.names.accounts[rank.account]!,
      state: rank.state,
      marginRatio: rankRatioMessage(rank.marginRatioE6),
    });
    last = rank;
  }
  return { asOf: asOfMessage(engine.asOf()), accounts, nextPageToken: "" };
}

function pageSize(asked: number, limits: GatewayLimits): number {
  if (asked < 0) {
    throw invalidField("page_size", `${asked}`, `must be 0 (the default) or more`, "PAGE_SIZE_INVALID");
  }
  return asked === 0 ? limits.pageSizeDefault : Math.min(asked, limits.pageSizeMax);
}
