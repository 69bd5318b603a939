import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StreamHistoryResponse } from "../../generated/proto/plimsoll/v1/audit_service.ts";
import { MarginState } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { ReplayDesk } from "../../services/audit/replay/desk.ts";
import { JournalHistory } from "../../services/journal/journalHistory.ts";
import { RungStore } from "../../services/journal/rungs.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { writeGoldenJournal } from "../audit/goldenJournal.ts";
import { deskOn, newJournal } from "../audit/pastRun.ts";
import { withRegimesOfAnotherDay } from "../audit/tampering.ts";
import { Folder, openEngine, stretches } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { refusal, serve } from "./harness.ts";

const folder = new Folder();
afterAll(() => folder.remove());
let head = 0;

beforeAll(async () => {
  const source = new ScriptedSource(stretches());
  const engine = await openEngine(newJournal(folder.path), source, new SnapshotStore(join(folder.path, "snapshots")));
  await engine.run();
  head = Number(engine.asOf().journalPosition);
});

const position = (value: number) => ({ moment: { $case: "journalPosition" as const, value: BigInt(value) } });
const served = () => serve({ audit: deskOn(folder.path) });

test("an account at a position and at a time, with its derivation", async () => {
  const { client } = await served();
  const answer = await client.getAccountAt({ account: "alice", at: position(head), explain: true });
  expect(answer.asOf!.journalPosition).toBe(BigInt(head));
  expect(answer.account!.account).toBe("alice");
  const { derivation } = answer;
  expect(derivation!.verdicts[0]!.equity).toMatch(/^\d+/);
  expect(Number(answer.account!.pools[0]!.equity)).toBe(Number(derivation!.verdicts[0]!.equity));
  const at = { moment: { $case: "eventTimeUs" as const, value: answer.asOf!.eventTimeUs } };
  expect(await client.getAccountAt({ account: "alice", at, explain: true })).toEqual(answer);
  expect(answer.kernelHash.length).toBe(32);
});

test("while a batch is on its way to the disk nothing of the file is told: it may be ahead", async () => {
  const { engine, client } = await served();
  const arrived = engine.goAhead();
  const told: string[] = [];
  const answer = client.getAccountAt({ account: "alice", at: position(head), explain: false }).then(() => {
    told.push("account");
  });
  const stream = client.streamHistory({ account: "alice", from: undefined, to: undefined });
  const ended = new Promise((resolve) => {
    stream.on("data", () => told.push("event")).on("end", resolve);
  });
  // Longer than either takes.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(told).toEqual([]);
  arrived();
  await Promise.all([answer, ended]);
  expect(told).toContain("account");
  expect(told).toContain("event");
});

test("no answer has a typed reason", async () => {
  const { client } = await served();
  const reason = async (account: string, at: number) =>
    (await refusal(client.getAccountAt({ account, at: position(at), explain: false }))).reason;
  expect(await reason("nobody", head)).toBe("ACCOUNT_UNKNOWN");
  expect(await reason("alice", 1)).toBe("BEFORE_BIRTH");
  expect(await reason("alice", head + 1)).toBe("BEYOND_HEAD");
  expect((await refusal(client.getAccountAt({ account: "alice", at: undefined, explain: false }))).reason).toBe(
    "FIELD_MISSING",
  );
});

test("a stretch whose regime this version cannot read: the account is told, its derivation has a typed reason", async () => {
  const { path } = await writeGoldenJournal(folder.path, "test");
  await withRegimesOfAnotherDay(path);
  const history = JournalHistory.open(path);
  const { client } = await serve({ audit: new ReplayDesk(history, new RungStore(join(folder.path, "none"))) });
  const { lastPosition } = history.head()!;
  const told = await client.getAccountAt({ account: "portfolio", at: position(lastPosition), explain: false });
  expect(told.account!.account).toBe("portfolio");
  const asked = client.getAccountAt({ account: "portfolio", at: position(lastPosition), explain: true });
  expect((await refusal(asked)).reason).toBe("REGIME_UNKNOWN");
  history.close();
});

test("a history from beyond the head ends with the typed reason", async () => {
  const { client } = await served();
  const stream = client.streamHistory({ account: "alice", from: position(head + 1), to: position(head + 2) });
  const error = await new Promise<Error>((resolve) => {
    stream.on("error", resolve);
    stream.on("data", () => {});
  });
  expect(error.message).toContain(`is beyond the journal's head: event ${head}`);
});

test("the history of an account streams in order, with causes, sources and margins", async () => {
  const { client } = await served();
  const events: StreamHistoryResponse[] = [];
  for await (const event of client.streamHistory({ account: "alice", from: undefined, to: undefined })) {
    events.push(event as StreamHistoryResponse);
  }
  expect(events.map(({ event }) => event!.body!.$case).slice(0, 3)).toEqual([
    "accountOpened",
    "deposited",
    "fillApplied",
  ]);
  const change = events.find(({ event }) => event!.body!.$case === "marginStateChanged")!;
  expect(change.cause!.body!.$case).toBe("markPriceSet");
  expect(change.instrument).toBe("LIN");
  // The fall to 84, by its number in the script.
  expect(change.source).toEqual({ topic: "script", partition: 0, offset: 8n });
  expect(change.state).not.toBe(MarginState.HEALTHY);
  expect(change.margins[0]!.currency).toBe("USD");
  const positions = events.map(({ journalPosition }) => journalPosition);
  expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
});

test("a stream for nobody ends with the typed reason", async () => {
  const { client } = await served();
  const stream = client.streamHistory({ account: "nobody", from: undefined, to: undefined });
  const error = await new Promise<Error>((resolve) => {
    stream.on("error", resolve);
    stream.on("data", () => {});
  });
  expect(error.message).toContain("no account");
});
