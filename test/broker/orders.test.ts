// Orders on the topic of accounts: the same requests as over gRPC, with the same answers, whichever way they come first.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaShard, openJournal, shardFiles } from "../../bin/journalFiles.ts";
import type { HoldPlacement } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { RefusalReason, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type AccountCommand, Liquidity, MarginMode, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Broker } from "../../infra/kafkaBroker.ts";
import { Engine } from "../../services/engine/engine.ts";
import { GatewayClient } from "../../services/gateway/client.ts";
import { startGateway } from "../../services/gateway/server.ts";
import { publish } from "../../services/ingest/kafka/publisher.ts";
import { createTopics } from "../../services/ingest/kafka/topics.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { formatDecimal } from "../../services/markets/decimal.ts";
import { describeWithBroker } from "./broker.ts";
import { engineOptions, JournalView, market, watermarksOf } from "./engineRun.ts";

const PREFIX = "orders";
const START_US = 1_770_000_000_000_000n;
const INSTRUMENT = "BTC-PERP";
const { listing } = market.instruments.find(({ name }) => name === INSTRUMENT)!;
/** 60,000 USDT a coin, a hundredth of a coin: 600 USDT a piece, of which 10 % are asked for. */
const PRICE = 600_000n;
const QUANTITY = 10n;

let step = 0n;
const now = () => START_US + ++step;

function told(commandId: string, command: NonNullable<AccountCommand["command"]>): VenueInput {
  return { kind: "account", command: { commandId, account: "alice", eventTimeUs: now(), command } };
}

const terms = (orderId: string, quantity = QUANTITY) => ({ orderId, quantity, price: PRICE, expiresAtUs: undefined });

function placed(id: string, quantity = QUANTITY): VenueInput {
  const value = { ...terms(`order of ${id}`, quantity), instrument: INSTRUMENT, side: Side.BUY, reduceOnly: false };
  return told(id, { $case: "placeHold", value });
}

/** The same request over gRPC. */
function asked(id: string, quantity = QUANTITY): HoldPlacement {
  const order = {
    account: "alice",
    instrument: INSTRUMENT,
    side: Side.BUY,
    quantity: formatDecimal(quantity, listing.quantityScale),
    limitPrice: formatDecimal(PRICE, listing.priceScale),
    reduceOnly: false,
  };
  return { requestId: id, orderId: `order of ${id}`, order, expiresAtUs: undefined };
}

function filled(orderId: string, quantity: bigint): VenueInput {
  const eventTimeUs = now();
  const trade = { venue: "test", tradeId: `trade-${eventTimeUs}`, account: "alice", instrument: INSTRUMENT };
  const terms = {
    side: Side.BUY,
    quantity,
    price: PRICE,
    liquidity: Liquidity.MAKER,
    liquidation: false,
    fee: 0n,
    orderId,
  };
  return { kind: "fill", fill: { ...trade, ...terms, eventTimeUs } };
}

function mark(): VenueInput {
  const event = { $case: "markPrice" as const, value: { price: PRICE } };
  return { kind: "market", event: { instrument: INSTRUMENT, eventTimeUs: now(), event } };
}

describeWithBroker("orders on a Kafka topic", (broker: () => Broker) => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-broker-orders-"));
  const files = shardFiles(folder, kafkaShard(market.id));
  const view = new JournalView(folder);

  beforeAll(async () => {
    await createTopics({ address: broker().address }, { prefix: PREFIX });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function withEngine(work: (engine: Engine, client: GatewayClient) => Promise<void>): Promise<void> {
    const kafka = { address: broker().address, prefix: PREFIX, groupId: PREFIX };
    const engine = await Engine.open({
      ...engineOptions(kafka),
      journal: openJournal(files),
      snapshots: files.snapshots,
      pullLimit: 1_000,
      snapshotEveryEvents: 1_000_000,
    });
    const running = engine.run();
    const gateway = await startGateway({ engine, host: "127.0.0.1", port: 0 });
    const client = new GatewayClient({ host: "127.0.0.1", port: gateway.port, clockMs: Date.now });
    try {
      await work(engine, client);
    } finally {
      client.close();
      await gateway.close();
      engine.stop();
      await running;
    }
  }

  /** Publishes, and waits until the engine has it all on disk. */
  async function publishAll(engine: Engine, ...inputs: VenueInput[]): Promise<void> {
    await publish(inputs, { address: broker().address, prefix: PREFIX });
    const watermarks = await watermarksOf(broker().address, PREFIX);
    const endMs = performance.now() + 30_000;
    while (!view.holds(watermarks)) {
      if (performance.now() > endMs || !engine.status.serving) throw new Error("the engine did not come far enough");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const reservedOf = (engine: Engine) => {
    const usdt = engine.names.currency("USDT")!;
    return engine.account(engine.names.account("alice")!).pools.find(({ currency }) => currency === usdt)!.reserved;
  };

  /** Of each request for an order on record: what became of it, in their order. */
  async function answers(): Promise<string[]> {
    const found: string[] = [];
    for await (const { from, body } of view.log()) {
      const way = from === "" ? "grpc" : "kafka";
      if (body?.$case === "holdPlaced" || body?.$case === "holdAmended" || body?.$case === "holdReleased") {
        found.push(`${way} ${body.value.commandId}: ${body.$case}`);
      } else if (body?.$case === "inputRefused" && body.value.input?.$case === "accountCommand") {
        const reason = refusalReasonToJSON(body.value.reason).replace("REFUSAL_REASON_", "");
        found.push(`${way} ${body.value.input.value.commandId}: ${reason}`);
      }
    }
    return found;
  }

  const first = new Map<string, unknown>();

  test("hold margin, are filled, amended and let go; a record that comes twice does nothing", async () => {
    await withEngine(async (engine, client) => {
      const opening = told("open", { $case: "openAccount", value: { marginMode: MarginMode.CROSS } });
      const paid = told("pay in", { $case: "deposit", value: { currency: "USDT", amount: 1_000_000_000n } });
      const one = placed("k1");
      const large = placed("k2", 1_000n);
      // Between topics that are read live arrival decides: what must come first is published first.
      await publishAll(engine, opening, paid, mark());
      await publishAll(engine, one, one, large, placed("k3"));
      // 10 % of 600 each, and the taker's fee of 0.05 %.
      expect(reservedOf(engine)).toBe(2n * 60_300_000n);
      const less = told("k4", { $case: "amendHold", value: terms("order of k3", 5n) });
      const gone = told("k5", { $case: "releaseHold", value: { orderId: "order of k3" } });
      await publishAll(engine, filled("order of k1", 4n));
      await publishAll(engine, less);
      expect(reservedOf(engine)).toBe(((6n + 5n) * 60_300_000n) / 10n);
      await publishAll(engine, gone, gone);
      expect(reservedOf(engine)).toBe((6n * 60_300_000n) / 10n);

      // Whoever asks again over gRPC has the answer that the topic's request got.
      const { decision } = await client.placeHold(asked("k1"));
      expect(decision).toMatchObject({ accepted: true, duplicate: true, order: { binding: "initial_margin" } });
      const refused = (await client.placeHold(asked("k2", 1_000n))).decision;
      const reason = RefusalReason.INITIAL_MARGIN;
      expect(refused).toMatchObject({ accepted: false, duplicate: true, refusal: { reason } });
      const other = await client.placeHold(asked("k1", 9n));
      expect(other.decision?.refusal?.reason).toBe(RefusalReason.IDENTITY_CONFLICT);
      first.set("k1", decision).set("k2", refused);

      // And the other way round.
      expect((await client.placeHold(asked("g1"))).decision).toMatchObject({ accepted: true, duplicate: false });
      await publishAll(engine, placed("g1"));
      expect(reservedOf(engine)).toBe((16n * 60_300_000n) / 10n);
    });
    expect(await answers()).toEqual([
      "kafka k1: holdPlaced",
      "kafka k1: DUPLICATE",
      "kafka k2: INITIAL_MARGIN",
      "kafka k3: holdPlaced",
      "kafka k4: holdAmended",
      "kafka k5: holdReleased",
      "kafka k5: DUPLICATE",
      "grpc k1: DUPLICATE",
      "grpc k2: DUPLICATE",
      "grpc k1: IDENTITY_CONFLICT",
      "grpc g1: holdPlaced",
      "kafka g1: DUPLICATE",
    ]);
  });

  test("are known after a restart, whichever way they came", async () => {
    const before = (await answers()).length;
    await withEngine(async (engine, client) => {
      expect(engine.start.continued).toBe(true);
      expect(reservedOf(engine)).toBe((16n * 60_300_000n) / 10n);
      expect((await client.placeHold(asked("k1"))).decision).toEqual(first.get("k1"));
      expect((await client.placeHold(asked("k2", 1_000n))).decision).toEqual(first.get("k2"));
      await publishAll(engine, placed("k1"), placed("g1"), placed("k6"));
      expect(reservedOf(engine)).toBe((26n * 60_300_000n) / 10n);
      const release = { requestId: "g2", account: "alice", orderId: "order of k6" };
      expect((await client.releaseHold(release)).decision).toMatchObject({ accepted: true });
    });
    expect((await answers()).slice(before)).toEqual([
      "grpc k1: DUPLICATE",
      "grpc k2: DUPLICATE",
      "kafka k1: DUPLICATE",
      "kafka g1: DUPLICATE",
      "kafka k6: holdPlaced",
      "grpc g2: holdReleased",
    ]);
  });
});
