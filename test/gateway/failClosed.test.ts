// An engine, its gateway and a client: whatever makes the gate refuse, a request has one answer, on whatever call it is asked
// again; and an engine that cannot write says so.

import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { GateCall, HoldDecision, Order } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control, type ControlCommand, Side, Switch } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Engine } from "../../services/engine/engine.ts";
import type { GatewayClient } from "../../services/gateway/client.ts";
import { startGateway } from "../../services/gateway/server.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { Folder, fill, GatedJournal, mark, openEngine, START_US, settled, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { MemoryJournal, MemoryStore } from "../journal/memoryJournal.ts";
import { connect, refusal, until } from "./harness.ts";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

const ORDER: Order = {
  account: "alice",
  instrument: "LIN",
  side: Side.BUY,
  quantity: "1",
  limitPrice: "95",
  reduceOnly: false,
};

class Served {
  nowMs = Number(START_US / 1_000n);
  readonly source: ScriptedSource;
  readonly engine: Engine;
  readonly client: GatewayClient;

  private constructor(source: ScriptedSource, engine: Engine, client: GatewayClient) {
    this.source = source;
    this.engine = engine;
    this.client = client;
  }

  static async open(journal = new MemoryJournal(), history = shortHistory()): Promise<Served> {
    const source = new ScriptedSource([history], { ends: false });
    const times = { nowMs: () => served.nowMs, sleep: async () => {} };
    const lagBound = { clock: times, maxLagMs: 500 };
    const engine = await openEngine(journal, source, folder.snapshots, { lagBound });
    const running = engine.run().catch(() => {});
    const gateway = await startGateway({ engine, host: "127.0.0.1", port: 0 });
    const served: Served = new Served(source, engine, connect(gateway.port));
    onTestFinished(async () => {
      await gateway.close();
      engine.stop();
      await running;
    });
    await settled();
    return served;
  }

  async tell(...inputs: VenueInput[]): Promise<void> {
    const before = this.engine.asOf().journalPosition;
    this.source.push(inputs);
    await until(() => this.engine.asOf().journalPosition > before);
  }

  async control(command: NonNullable<ControlCommand["command"]>): Promise<void> {
    const commandId = `control-${this.engine.asOf().journalPosition}`;
    const told = { commandId, account: "alice", currency: "", by: "ann", reason: "test", command };
    expect((await this.engine.submitControl("", told)).code).toBe(0);
  }

  turn(which: Switch, on: boolean): Promise<void> {
    return this.control({ $case: "setSwitch", value: { switch: which, on } });
  }

  /** A request on one of the three ways in, which share their answers. */
  async ask(call: GateCall["call"], way: "unary" | "batch" | "stream"): Promise<HoldDecision> {
    if (way === "unary" && call?.$case === "place") return (await this.client.placeHold(call.value)).decision!;
    if (way === "unary" && call?.$case === "amend") return (await this.client.amendHold(call.value)).decision!;
    const calls = [{ tag: 0n, call }];
    const { answers } = way === "stream" ? await this.#streamed(calls) : await this.client.decide(calls);
    const { answer } = answers[0]!;
    if (answer?.$case !== "hold") throw new Error(`no answer to a hold: ${answer?.$case}`);
    return answer.value;
  }

  async #streamed(calls: GateCall[]) {
    const stream = this.client.decideStream();
    stream.write({ calls });
    for await (const message of stream) {
      stream.end();
      return message as Awaited<ReturnType<GatewayClient["decide"]>>;
    }
    throw new Error("the stream ended without an answer");
  }
}

function place(id: string): GateCall["call"] {
  const value = { requestId: id, orderId: `order of ${id}`, order: ORDER, expiresAtUs: undefined };
  return { $case: "place", value };
}

/** To more than the order `of` asked for. */
function amend(id: string, of: string): GateCall["call"] {
  const terms = { instrument: "LIN", quantity: "2", limitPrice: "95", expiresAtUs: undefined };
  return { $case: "amend", value: { requestId: id, account: "alice", orderId: `order of ${of}`, ...terms } };
}

interface Reason {
  readonly name: string;
  readonly code: RefusalReason;
  readonly set: (served: Served) => Promise<void>;
  readonly lift: (served: Served) => Promise<void>;
}

function switched(name: string, which: Switch, code: RefusalReason): Reason {
  return { name, code, set: (served) => served.turn(which, true), lift: (served) => served.turn(which, false) };
}

const MESSAGE_RATE = { control: Control.MESSAGE_RATE, burst: 0n };
const OPEN_ORDERS = { control: Control.OPEN_ORDERS, burst: 0n };
const OTHER = { $case: "markPrice" as const, value: { price: 100n } };

const REASONS: readonly Reason[] = [
  switched("kill switch", Switch.KILL, RefusalReason.KILL_SWITCH),
  switched("halt", Switch.HALT, RefusalReason.TRADING_HALTED),
  switched("reduce-only", Switch.REDUCE_ONLY, RefusalReason.REDUCE_ONLY),
  {
    name: "message rate",
    code: RefusalReason.MESSAGE_RATE,
    set: (served) => served.control({ $case: "setLimit", value: { ...MESSAGE_RATE, value: 1n } }),
    lift: (served) => served.control({ $case: "setLimit", value: { ...MESSAGE_RATE, value: undefined } }),
  },
  {
    name: "open orders",
    code: RefusalReason.OPEN_ORDER_LIMIT,
    set: (served) => served.control({ $case: "setLimit", value: { ...OPEN_ORDERS, value: 0n } }),
    lift: (served) => served.control({ $case: "setLimit", value: { ...OPEN_ORDERS, value: undefined } }),
  },
  {
    name: "behind the feed",
    code: RefusalReason.ENGINE_BEHIND,
    set: async (served) => {
      served.nowMs += 501;
    },
    lift: async (served) => {
      served.nowMs -= 501;
    },
  },
  {
    name: "stale price",
    code: RefusalReason.PRICE_STALE,
    set: (served) =>
      served.tell({
        kind: "market",
        event: { instrument: "OTH", eventTimeUs: START_US + 60_000_006n, event: OTHER },
      }),
    lift: (served) => served.tell(mark(95n, 60_000_007n)),
  },
  {
    name: "margin call",
    code: RefusalReason.ACCOUNT_STATE,
    set: (served) => served.tell(mark(84n, 6n)),
    lift: (served) => served.tell(mark(95n, 7n)),
  },
  {
    name: "quarantine",
    code: RefusalReason.ACCOUNT_QUARANTINED,
    set: (served) => served.tell(fill("alice", 1, 1n, 0n, 6n)),
    lift: async () => {},
  },
];

describe.each(REASONS)("$name", ({ name, code, set, lift }) => {
  test.each(["place", "amend"] as const)("%s: a retry has the first answer, before, during and after", async (kind) => {
    const served = await Served.open();
    const request = (id: string) => (kind === "place" ? place(id) : amend(id, "first"));
    expect(await served.ask(place("first"), "unary")).toMatchObject({ accepted: true, duplicate: false });
    if (kind === "amend") expect(await served.ask(request("one"), "unary")).toMatchObject({ accepted: true });
    // An amendment back to less makes the next one new risk again.
    const one = kind === "amend" ? request("one") : place("first");
    if (kind === "amend") {
      const less = { ...(amend("less", "first") as Extract<GateCall["call"], { $case: "amend" }>) };
      await served.ask({ ...less, value: { ...less.value, quantity: "1" } }, "unary");
    }
    const answered = await served.ask(one, "batch");
    expect(answered).toMatchObject({ accepted: true, duplicate: true });

    await set(served);
    expect(await served.ask(one, "stream")).toEqual(answered);
    const refused = await served.ask(request("two"), "unary");
    expect(refused).toMatchObject({ accepted: false, duplicate: false, refusal: { reason: code } });
    for (const way of ["unary", "batch", "stream"] as const) {
      expect(await served.ask(request("two"), way)).toEqual({ ...refused, duplicate: true });
    }

    await lift(served);
    expect(await served.ask(one, "unary")).toEqual(answered);
    expect(await served.ask(request("two"), "unary")).toEqual({ ...refused, duplicate: true });
    if (name !== "quarantine") expect(await served.ask(request("three"), "unary")).toMatchObject({ accepted: true });
  });
});

test.each(["kill switch", "behind the feed", "stale price", "margin call", "quarantine"])(
  "%s: letting go of an order is always possible",
  async (name) => {
    const served = await Served.open();
    await served.ask(place("first"), "unary");
    await REASONS.find((reason) => reason.name === name)!.set(served);
    const release = { requestId: "release", account: "alice", orderId: "order of first" };
    expect((await served.client.releaseHold(release)).decision).toMatchObject({ accepted: true });
    expect((await served.client.releaseHold(release)).decision).toMatchObject({ accepted: true, duplicate: true });
  },
);

/** Nothing is answered by an engine that cannot write; the retry to its successor is. */
async function expectNoAnswer(served: Served, why: RegExp): Promise<void> {
  const calls: [string, () => Promise<unknown>][] = [
    ["a new hold", () => served.client.placeHold(holdOf(place("new")))],
    ["a retry", () => served.client.placeHold(holdOf(place("first")))],
    ["a release", () => served.client.releaseHold({ requestId: "r", account: "alice", orderId: "order of first" })],
    ["a check", () => served.client.checkOrder(ORDER)],
    ["a batch", () => served.client.decide([{ tag: 0n, call: place("in a batch") }])],
  ];
  for (const [what, call] of calls) {
    const error = await refusal(call());
    expect([what, error.code, error.reason]).toEqual([what, status.UNAVAILABLE, "ENGINE_NOT_SERVING"]);
    expect(error.message).toMatch(why);
  }
}

function holdOf(call: GateCall["call"]) {
  if (call?.$case !== "place") throw new Error("no placement");
  return call.value;
}

test("the journal cannot append: the hold under way gets no answer, nor does anything after it", async () => {
  const store = new MemoryStore();
  const journal = new GatedJournal(store);
  const served = await Served.open(journal);
  const answered = await served.ask(place("first"), "unary");
  journal.onAppend = async () => {
    throw new Error("the disk is full");
  };
  const lost = await refusal(served.client.placeHold(holdOf(place("lost"))));
  expect([lost.code, lost.reason]).toEqual([status.UNAVAILABLE, "ENGINE_NOT_SERVING"]);
  expect(lost.message).toMatch(/the disk is full/);
  await expectNoAnswer(served, /the disk is full/);

  const next = await Served.open(new MemoryJournal(store));
  expect(await next.ask(place("first"), "unary")).toEqual({ ...answered, duplicate: true });
  expect(await next.ask(place("lost"), "unary")).toMatchObject({ accepted: true, duplicate: false });
});

test("ownership is lost: nothing is accepted any more, and the next owner has the answers", async () => {
  const store = new MemoryStore();
  const first = await Served.open(new MemoryJournal(store));
  const answered = await first.ask(place("first"), "unary");
  const next = await Served.open(new MemoryJournal(store));
  const lost = await refusal(first.client.placeHold(holdOf(place("lost"))));
  expect([lost.code, lost.reason]).toEqual([status.UNAVAILABLE, "ENGINE_NOT_SERVING"]);
  await expectNoAnswer(first, /JournalConflictError/);
  expect(await next.ask(place("first"), "unary")).toEqual({ ...answered, duplicate: true });
  expect(await next.ask(place("lost"), "unary")).toMatchObject({ accepted: true, duplicate: false });
});
