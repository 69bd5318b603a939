// A venue that asks for orders: requests in one line each, on a shard of the compiled kernel.

import { RefusalReason, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountCommand } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { holdCommand, holdOutcomeOfRow } from "../../services/engine/holdOutcome.ts";
import { outcomeOfRow } from "../../services/engine/outcome.ts";
import type { HoldRequest } from "../../services/engine/riskEngine.ts";
import type { Shard } from "../../services/engine/shard.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import type { OrderAnswer, PoolView } from "../../services/kernel/views.ts";

type Terms = Partial<Pick<HoldRequest, "price" | "reduceOnly" | "expiresAtUs" | "requestId" | "instrument">>;

export class HoldVenue {
  readonly shard: Shard;
  readonly #startUs: bigint;
  readonly #instrument: string;
  #step = 0n;
  /** Figures of the newest request. */
  figures: OrderAnswer | undefined;
  /** Names of the events that followed the newest input. */
  followed: string[] = [];

  constructor(shard: Shard, startUs: bigint, instrument: string) {
    this.shard = shard;
    this.#startUs = startUs;
    this.#instrument = instrument;
  }

  get nowUs(): bigint {
    return this.#startUs + this.#step;
  }

  /** Nothing happens for so long. */
  wait(us: bigint): void {
    this.#step += us;
  }

  /** @returns "applied", or the refusal with the value and the limit that it names */
  tell(input: VenueInput): string {
    const [row, ...followed] = this.shard.fold([{ span: 0, offset: 0, eventTimeUs: 0, input }]);
    const names = Object.entries(EVENT_KINDS);
    this.followed = followed.map(({ kind }) => names.find(([, number]) => number === kind)![0]);
    const { code, value, limit } = outcomeOfRow(row!);
    if (input.kind === "account" && input.command.command?.$case.endsWith("Hold")) {
      const answered = holdOutcomeOfRow(row!);
      this.figures = "answeredAt" in answered ? undefined : answered.figures;
    }
    if (code === 0) return "applied";
    const name = refusalReasonToJSON(code as RefusalReason).replace("REFUSAL_REASON_", "");
    return code >= RefusalReason.FREE_COLLATERAL && code <= RefusalReason.INITIAL_MARGIN
      ? `${name} ${value} ${limit}`
      : name;
  }

  command(account: string, command: NonNullable<AccountCommand["command"]>, commandId?: string): string {
    this.#step += 1n;
    const id = commandId ?? `command-${this.#step}`;
    return this.tell({ kind: "account", command: { account, commandId: id, eventTimeUs: this.nowUs, command } });
  }

  open(account: string, marginMode: 1 | 2 | 3, regime?: string): string {
    return this.command(account, { $case: "openAccount", value: { marginMode, regime } });
  }

  deposit(account: string, currency: string, amount: bigint): string {
    return this.command(account, { $case: "deposit", value: { currency, amount } });
  }

  withdraw(account: string, currency: string, amount: bigint): string {
    return this.command(account, { $case: "withdrawal", value: { currency, amount } });
  }

  mark(price: bigint, instrument = this.#instrument): string {
    this.#step += 1n;
    const event = { $case: "markPrice" as const, value: { price } };
    return this.tell({ kind: "market", event: { instrument, eventTimeUs: this.nowUs, event } });
  }

  /** `quantity` above zero buys. */
  fill(account: string, quantity: bigint, price: bigint, orderId = "", instrument = this.#instrument): string {
    this.#step += 1n;
    return this.tell({
      kind: "fill",
      fill: {
        venue: "test",
        tradeId: `trade-${this.#step}`,
        account,
        instrument,
        side: quantity > 0n ? 1 : 2,
        quantity: quantity > 0n ? quantity : -quantity,
        price,
        liquidity: 2,
        liquidation: false,
        fee: undefined,
        eventTimeUs: this.nowUs,
        orderId,
      },
    });
  }

  #ask(kind: HoldRequest["kind"], account: string, orderId: string, quantity: bigint, terms: Terms): string {
    this.#step += 1n;
    const request: HoldRequest = {
      kind,
      requestId: terms.requestId ?? `request-${this.#step}`,
      account,
      orderId,
      instrument: terms.instrument ?? this.#instrument,
      side: quantity < 0n ? 2 : 1,
      quantity: quantity < 0n ? -quantity : quantity,
      price: terms.price,
      reduceOnly: terms.reduceOnly ?? false,
      expiresAtUs: terms.expiresAtUs,
    };
    return this.tell({ kind: "account", command: { ...holdCommand(request), eventTimeUs: this.nowUs } });
  }

  /** `quantity` above zero buys. */
  place(account: string, orderId: string, quantity: bigint, terms: Terms = {}): string {
    return this.#ask("place", account, orderId, quantity, terms);
  }

  amend(account: string, orderId: string, quantity: bigint, terms: Terms = {}): string {
    return this.#ask("amend", account, orderId, quantity, terms);
  }

  release(account: string, orderId: string, terms: Terms = {}): string {
    return this.#ask("release", account, orderId, 0n, terms);
  }

  pool(account: string, currency: string): PoolView {
    const number = this.shard.names.currency(currency)!;
    const { pools } = this.shard.reader.account(this.shard.names.account(account)!);
    return pools.find((pool) => pool.currency === number)!;
  }

  /** What the account's orders reserve in a currency. */
  reserved(account: string, currency: string): bigint {
    return this.pool(account, currency).reserved;
  }
}
