import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { connectKafka } from "../../services/ingest/kafka/kafkaClient.ts";
import { KafkaSockets } from "../../services/ingest/kafka/kafkaSockets.ts";

test("a client of a broker that never replies ends when its sockets are destroyed, and connects no more", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sockets = new KafkaSockets();
  const admin = connectKafka({ address }, sockets).admin();
  const connected = admin.connect().then(
    () => "connected",
    (error: Error) => error.message,
  );
  const [socket] = (await once(server, "connection")) as [Socket];
  await once(socket, "data");
  let more = 0;
  server.on("connection", () => {
    more += 1;
  });

  const startMs = performance.now();
  sockets.destroy();
  expect(await connected).toContain("this client is closed");
  await admin.disconnect();
  // Unanswered requests alone would take kafkajs ten seconds each.
  expect(performance.now() - startMs).toBeLessThan(8_000);
  expect(more).toBe(0);
  server.close();
});
