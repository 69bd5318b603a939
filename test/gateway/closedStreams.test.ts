// What a call that is over keeps alive until the next full collection: nothing that leads to the call.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Http2Stream } from "node:http2";
import type { handleUnaryCall } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { unary } from "../../services/gateway/calls.ts";
import { FakeEngine } from "./fakeEngine.ts";
import { serve, until } from "./harness.ts";

test.each(["server", "client"])(
  "a closed stream of a %s leads to nobody, and an error of it to nothing",
  async (side) => {
    const { streams, listenersAtTheEnd } = closedStreams(side);
    const { client } = await serve();
    await client.listRegimes();
    await until(() => streams.some((stream) => stream.destroyed && stream.eventNames().length === 1));
    expect(streams).toHaveLength(1);
    // What is told in the turn of its end is heard.
    expect(listenersAtTheEnd[0]).toBeGreaterThan(1);
    expect(streams[0]!.emit("error", new Error("late"))).toBe(true);
  },
);

test.each([
  ["answer", () => ({ answer: 1 })],
  [
    "refusal",
    () => {
      throw new Error("no");
    },
  ],
])("the object of a call lets go of it after its %s", async (_, answer) => {
  const call = { cancelled: false, request: { question: 1 }, metadata: {}, call: {} };
  const handle = unary(new FakeEngine(), answer);
  const said = await new Promise<unknown[]>((resolve) => {
    handle(call as unknown as Call, (...given) => resolve(given));
  });
  expect(said.length).toBeGreaterThan(0);
  await until(() => call.call === undefined);
  expect(call).toEqual({ cancelled: false, request: undefined, metadata: undefined, call: undefined });
});

type Call = Parameters<handleUnaryCall<unknown, unknown>>[0];

/** Streams that were closed, and how many kinds of events each still had listeners for at the end of the turn in which it was. */
function closedStreams(side: string): { streams: Http2Stream[]; listenersAtTheEnd: number[] } {
  const streams: Http2Stream[] = [];
  const listenersAtTheEnd: number[] = [];
  const note = (message: unknown) => {
    const { stream } = message as { stream: Http2Stream };
    streams.push(stream);
    stream.once("close", () => process.nextTick(() => listenersAtTheEnd.push(stream.eventNames().length)));
  };
  subscribe(`http2.${side}.stream.close`, note);
  onTestFinished(() => {
    unsubscribe(`http2.${side}.stream.close`, note);
  });
  return { streams, listenersAtTheEnd };
}
