import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaShard, openJournal, shardFiles } from "../../bin/journalFiles.ts";
import { RefusalReason, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Broker } from "../../infra/kafkaBroker.ts";
import { Engine } from "../../services/engine/engine.ts";
import { connectKafka } from "../../services/ingest/kafka/kafkaClient.ts";
import { encodeInput, publish } from "../../services/ingest/kafka/publisher.ts";
import { createTopics, topicNames } from "../../services/ingest/kafka/topics.ts";
import { SourceGapError, type VenueInput } from "../../services/ingest/source.ts";
import { describeWithBroker } from "./broker.ts";
import {
  engineOptions,
  freePort,
  JournalView,
  market,
  Process,
  type RunOptions,
  run,
  type Summary,
  watermarksOf,
} from "./engineRun.ts";
import { fillIdentities, venueHistory } from "./history.ts";

const steps = 240;

describeWithBroker("the engine on a Kafka broker", (broker: () => Broker) => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-broker-engine-"));
  const prefix = "venue";
  let inputs: VenueInput[];
  let undisturbed: Summary;

  beforeAll(async () => {
    inputs = await venueHistory(steps);
    await published(prefix, inputs);
    undisturbed = await run(settings("undisturbed"));
  });
  afterAll(() => {
    Process.killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  const data = (name: string) => join(folder, name);

  function settings(name: string, changes: Partial<RunOptions> = {}, topics = prefix): RunOptions {
    return { data: data(name), kafka: { address: broker().address, prefix: topics, groupId: name }, ...changes };
  }

  async function published(topics: string, stretch: readonly VenueInput[]): Promise<void> {
    await createTopics({ address: broker().address }, { prefix: topics });
    await publish(stretch, { address: broker().address, prefix: topics });
  }

  async function withAdmin<T>(work: (admin: ReturnType<ReturnType<typeof connectKafka>["admin"]>) => Promise<T>) {
    const admin = connectKafka({ address: broker().address }).admin();
    await admin.connect();
    return work(admin).finally(() => admin.disconnect());
  }

  const half = (view: JournalView) => view.records() >= inputs.length / 2;

  /** State, money and margin calls as in the undisturbed run, no record looked at twice, every fill of the venue once. */
  async function expectUndisturbed(name: string, result: Summary, refused = undisturbed.refused): Promise<void> {
    const { stateHash, sums, stateChanges } = undisturbed;
    expect(result).toMatchObject({ stateHash, sums, stateChanges, zeroSum: true });
    expect(result.refused).toEqual(refused);
    await expectFillsOnce(name, result);
  }

  async function expectFillsOnce(name: string, result: Summary): Promise<void> {
    const applied: string[] = [];
    for await (const { account, body } of new JournalView(data(name)).log()) {
      if (body?.$case === "fillApplied") applied.push(`${body.value.venue}/${body.value.tradeId}/${account}`);
    }
    expect(applied.length).toBe(new Set(applied).size);
    expect(applied.length).toBe(fillIdentities(inputs).size);
    expect(result.fills).toBe(applied.length);
  }

  test("runs over the same topics come to the same state, however they are pulled and whoever reads", async () => {
    await expectUndisturbed("undisturbed", undisturbed);
    expect(undisturbed.refused).toMatchObject({ PRICE_BAND: 1, FREE_COLLATERAL: expect.any(Number) });
    expect(undisturbed.stateChanges.liquidating).toBeGreaterThan(0);
    for (const [name, pullLimit] of [
      ["by 137", 137],
      ["by 5000", 5_000],
    ] as const) {
      await expectUndisturbed(name, await run(settings(name, { pullLimit })));
    }
  });

  test("a process that is killed at several points loses nothing and does nothing twice", async () => {
    const view = new JournalView(data("killed"));
    const watermarks = await watermarksOf(broker().address, prefix);
    const serve = () => Process.serve(broker().address, prefix, data("killed"));
    const left: number[] = [];
    for (const reached of [
      () => view.events() > 0,
      () => view.records() > 0,
      () => view.records() > inputs.length / 2,
    ]) {
      const engine = serve();
      await engine.until(reached);
      expect(await engine.end("SIGKILL")).toBeNull();
      left.push(inputs.length - view.records());
    }
    // The first two at least came in the middle of the work.
    expect(left[0]).toBe(inputs.length);
    expect(left[1]).toBeGreaterThan(0);

    const engine = serve();
    await engine.until(() => view.holds(watermarks));
    expect(await engine.end("SIGTERM")).toBe(0);
    await expectUndisturbed("killed", engine.summary());
  });

  test("offsets of the group that were set back have no effect", async () => {
    await run(settings("rewound", { until: half }));
    const { prices, fills } = topicNames(prefix);
    await withAdmin(async (admin) => {
      const before = await admin.fetchOffsets({ groupId: "rewound", topics: [prices] });
      expect(Number(before[0]!.partitions[0]!.offset)).toBeGreaterThan(0);
    });
    await Promise.all(
      [prices, fills].map((topic) =>
        withAdmin((admin) =>
          admin.setOffsets({ groupId: "rewound", topic, partitions: [{ partition: 0, offset: "0" }] }),
        ),
      ),
    );
    const result = await run(settings("rewound"));
    await expectUndisturbed("rewound", result);
  });

  test("a stretch that is delivered again, in the middle and at the end, changes nothing but the count", async () => {
    const at = (share: number) => Math.floor(inputs.length * share);
    await published("twice", [
      ...inputs.slice(0, at(0.5)),
      ...inputs.slice(at(0.1), at(0.4)),
      ...inputs.slice(at(0.5)),
      ...inputs.slice(at(0.3)),
    ]);
    const result = await run(settings("twice", {}, "twice"));

    const again = at(0.4) - at(0.1) + inputs.length - at(0.3);
    const reasons: Record<string, number> = {};
    for await (const { body } of new JournalView(data("twice")).log()) {
      if (body?.$case !== "inputRefused") continue;
      const reason = refusalReasonToJSON(body.value.reason).replace("REFUSAL_REASON_", "");
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    await expectUndisturbed("twice", result, reasons);
    expect(reasons["DUPLICATE"]).toBeGreaterThan(again * 0.8);
    expect(reasons["PRICE_LATE"]).toBeGreaterThan(500);
    // Each is on record once and has no consequence. A mark that is still the newest is set again, to what it was.
    const count = (of: Summary) => Object.values(of.refused).reduce((sum, refusals) => sum + refusals, of.prices);
    expect(count(result) - count(undisturbed)).toBe(again);
    expect(result.prices - undisturbed.prices).toBeLessThan(market.instruments.length + 1);
    expect(result.journalPosition - undisturbed.journalPosition).toBe(again);
  });

  test("a broker that is restarted in the middle of the work disturbs nothing", async () => {
    let restarted = 0;
    const result = await run(
      settings("restarted", {
        pullLimit: 200,
        kafka: {
          address: broker().address,
          prefix,
          groupId: "restarted",
          limits: { records: 100, bytes: 100_000 },
        },
        appended: async (view) => {
          if (restarted > 0 || !half(view)) return;
          restarted = view.records();
          await broker().restart();
        },
      }),
    );
    expect(restarted).toBeLessThan(inputs.length * 0.75);
    await expectUndisturbed("restarted", result);
  });

  test("an engine whose broker has died ends at once when it is asked to, and goes on where it was", async () => {
    const view = new JournalView(data("alone"));
    const engine = Process.serve(broker().address, prefix, data("alone"));
    await engine.until(() => view.records() > 0);
    await broker().kill();
    await engine.until(() => engine.stderr.includes("the Kafka consumer stopped and is replaced"));
    const askedMs = performance.now();
    expect(await engine.end("SIGINT")).toBe(0);
    expect(performance.now() - askedMs).toBeLessThan(5_000);
    expect(engine.summary().zeroSum).toBe(true);
    await broker().restart();
    await expectUndisturbed("alone", await run(settings("alone")));
  });

  test("records that the broker deleted before they were journalled stop the start, in plain words", async () => {
    await published("gap", inputs.slice(0, 4_000));
    await run(settings("gap", { until: (view) => view.records() > 0, pullLimit: 100 }, "gap"));
    const { prices: topic } = topicNames("gap");
    await withAdmin(async (admin) => {
      // kafkajs deletes only from topics that it has asked about before.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "50" }] });
    });
    const files = shardFiles(data("gap"), kafkaShard(market.id));
    const opened = Engine.open({
      ...engineOptions({ address: broker().address, prefix: "gap" }),
      journal: openJournal(files),
      snapshots: files.snapshots,
      pullLimit: 100,
      snapshotEveryEvents: 1_000_000,
    });
    const error = await opened.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceGapError);
    const { missing } = error as SourceGapError;
    expect(missing).toMatchObject([{ topic, partition: 0, firstAvailable: 50 }]);
    expect(missing[0]!.journalNext).toBeLessThan(50);

    const serve = Process.serve(broker().address, "gap", data("gap"));
    expect(await serve.end()).toBe(1);
    expect(serve.stderr).toContain(
      `SourceGapError: ${topic}[0]: the journal needs offset ${missing[0]!.journalNext}, the first still there is 50`,
    );
    expect(serve.stdout).toBe("");
  });

  test("records that cannot be read are kept whole, and the others are as if they were not there", async () => {
    const { fills: topic } = topicNames("broken");
    const middle = Math.floor(inputs.length / 2);
    await published("broken", inputs.slice(0, middle));
    const before = await watermarksOf(broker().address, "broken");
    const offset = before.find((at) => at.topic === topic && at.partition === 0)!.high;
    const whole = encodeInput(inputs.findLast(({ kind }) => kind === "fill")!)!.message.value as Buffer;
    const broken = [Buffer.from("no message at all"), whole.subarray(0, whole.length - 5)];
    const producer = connectKafka({ address: broker().address }).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic, messages: broken.map((value) => ({ partition: 0, value })) });
    await producer.disconnect();
    await published("broken", inputs.slice(middle));

    const result = await run(settings("broken", {}, "broken"));
    const quarantined: [string, Buffer, RefusalReason][] = [];
    for await (const { from, body } of new JournalView(data("broken")).log()) {
      if (body?.$case !== "recordQuarantined") continue;
      quarantined.push([from, Buffer.from(body.value.record), body.value.reason]);
    }
    expect(quarantined).toEqual(
      broken.map((record, index) => [`${topic}[0]@${offset + index}`, record, RefusalReason.UNDECODABLE]),
    );
    await expectUndisturbed("broken", result, { ...undisturbed.refused, UNDECODABLE: 2 });
  });

  test("the commands of the README: a broker, a publisher, an engine", async () => {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const kafka = new Process("infra/kafka.ts", "--port", String(port));
    await kafka.until(() => kafka.stdout.includes("stop it with Ctrl-C"));
    const publisher = Process.plimsoll("publish", "--kafka", address, "--steps", "60");
    expect(await publisher.end()).toBe(0);
    const counts = /published (\d+) fills, (\d+) market events, (\d+) account commands/.exec(publisher.stdout);
    const more = ["--port", "0", "--data", data("readme"), "--seconds", "6", "--json"];
    const engine = Process.plimsoll("serve", "--kafka", address, ...more);
    expect(await engine.end()).toBe(0);
    expect(await kafka.end("SIGINT")).toBe(0);

    const summary = engine.summary();
    // Market events that are no marks: index prices of two underlyings in each of 52 steps of trading, of the dollar once.
    const prices = Number(counts?.[2]) - (2 * 52 + 1);
    expect(summary).toMatchObject({ fills: Number(counts?.[1]), prices, zeroSum: true });
    expect(summary.fills).toBeGreaterThan(1_000);
    expect(engine.stderr).toMatch(/^new journal .*readme.simulated-kafka.sqlite, market simulated$/m);
    expect(engine.stderr).not.toContain("kafka warn");
  });
});
