import type { MarginState } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountRank } from "../engine/riskEngine.ts";
import { invalidField } from "./statusDetails.ts";

/** Where a page of the list of accounts ended. */
export interface PagePosition {
  readonly marginRatioE6: bigint;
  readonly account: number;
}

const TOKEN = /^1:(\d{1,19}):(\d{1,10}):([0-4])$/;

/** What a client hands back to get the next page. It names a place in the order, so it outlives any change of it. */
export function encodePageToken(last: PagePosition, minimumState: MarginState): string {
  return Buffer.from(`1:${last.marginRatioE6}:${last.account}:${minimumState}`).toString("base64url");
}

/**
 * @returns undefined for the first page
 * @throws GatewayError INVALID_ARGUMENT for a token that no page has had, or one of another filter
 */
export function decodePageToken(token: string, minimumState: MarginState): PagePosition | undefined {
  if (token === "") {
    return undefined;
  }
  const match = TOKEN.exec(Buffer.from(token, "base64url").toString("latin1"));
  if (match === null) {
    throw invalidField("page_token", token, "must be a next_page_token of an earlier answer", "PAGE_TOKEN_INVALID");
  }
  const [, ratio, account, state] = match;
  if (Number(state) !== minimumState) {
    throw invalidField("page_token", token, "must come from a list with the same minimum_state", "PAGE_TOKEN_INVALID");
  }
  return { marginRatioE6: BigInt(ratio!), account: Number(account) };
}

/** Index of the first line behind a position, in a list by margin ratio (worst first), then by account. */
export function indexAfter(ranks: readonly AccountRank[], position: PagePosition | undefined): number {
  if (position === undefined) {
    return 0;
  }
  let low = 0;
  let high = ranks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const rank = ranks[middle]!;
    const behind =
      rank.marginRatioE6 < position.marginRatioE6 ||
      (rank.marginRatioE6 === position.marginRatioE6 && rank.account > position.account);
    if (behind) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
