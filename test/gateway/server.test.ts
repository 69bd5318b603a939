import { createServer } from "node:net";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  type MethodDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { service as healthService } from "grpc-health-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { GatewayTimeoutError, GatewayUnreachableError } from "../../services/gateway/client.ts";
import { GatewayAddressError, startGateway } from "../../services/gateway/server.ts";
import { FakeEngine, POSITION } from "./fakeEngine.ts";
import { connect, refusal, serve, until } from "./harness.ts";

const SERVICES = [
  "plimsoll.v1.AccountService",
  "plimsoll.v1.AuditService",
  "plimsoll.v1.ControlService",
  "plimsoll.v1.EvaluateService",
  "plimsoll.v1.GateService",
  "plimsoll.v1.TransferService",
];

function rawClient(port: number): Client {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  return client;
}

describe("health", () => {
  const { path, requestSerialize, responseDeserialize } = healthService.Check!;

  function check(client: Client, service: string): Promise<string> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, answer) =>
        error === null ? resolve((answer as { status: string }).status) : reject(error),
      );
    });
  }

  test("says of the server and of each service what the engine says", async () => {
    const { engine, gateway } = await serve({ limits: { statusPollMs: 10 } });
    const client = rawClient(gateway.port);
    const all = () => Promise.all(["", ...SERVICES].map((name) => check(client, name)));

    expect(await all()).toEqual(Array(SERVICES.length + 1).fill("SERVING"));

    engine.status = { serving: false, reason: "replaying" };
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await all()).toEqual(Array(SERVICES.length + 1).fill("NOT_SERVING"));

    engine.status = { serving: true, reason: "" };
    engine.durable();
    expect(await all()).toEqual(Array(SERVICES.length + 1).fill("SERVING"));
  });

  test("does not know other services", async () => {
    const { gateway } = await serve();

    await expect(check(rawClient(gateway.port), "other.Service")).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

interface ReflectionAnswer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Uint8Array[] };
}

async function ask(port: number, version: string, question: object): Promise<ReflectionAnswer> {
  const folder = new URL("../proto/", import.meta.resolve("@grpc/reflection")).pathname;
  const loaded = loadSync(`${folder}grpc/reflection/${version}/reflection.proto`, { keepCase: true });
  const service = loaded[`grpc.reflection.${version}.ServerReflection`] as unknown as {
    ServerReflectionInfo: MethodDefinition<object, ReflectionAnswer>;
  };
  const { path, requestSerialize, responseDeserialize } = service.ServerReflectionInfo;
  const stream: ClientDuplexStream<object, ReflectionAnswer> = rawClient(port).makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
  );
  stream.write(question);
  stream.end();
  for await (const answer of stream) {
    return answer as ReflectionAnswer;
  }
  throw new Error("no answer");
}

describe("reflection", () => {
  test.each(["v1", "v1alpha"])("%s lists the services and health", async (version) => {
    const { gateway } = await serve();

    const answer = await ask(gateway.port, version, { list_services: "*" });

    const names = answer.list_services_response!.service.map((service) => service.name);
    expect(names.sort()).toEqual(["grpc.health.v1.Health", ...SERVICES]);
  });

  test("describes a service with its files", async () => {
    const { gateway } = await serve();

    const answer = await ask(gateway.port, "v1", { file_containing_symbol: "plimsoll.v1.GateService" });

    const files = answer.file_descriptor_response!.file_descriptor_proto.map((bytes) =>
      Buffer.from(bytes).toString("latin1"),
    );
    expect(files.some((file) => file.includes("CheckOrderRequest"))).toBe(true);
  });
});

describe("reflection of maps", () => {
  // Any client that takes protoc's word for it refuses a file whose map entries are named otherwise.
  test.each([
    ["google.rpc.ErrorInfo", "MetadataEntry"],
    ["grpc.health.v1.Health", "StatusesEntry"],
  ])("%s has an entry type %s", async (symbol, entry) => {
    const { gateway } = await serve();

    const answer = await ask(gateway.port, "v1", { file_containing_symbol: symbol });

    const files = answer.file_descriptor_response!.file_descriptor_proto.map((bytes) =>
      Buffer.from(bytes).toString("latin1"),
    );
    expect(files.some((file) => file.includes(entry))).toBe(true);
  });
});

describe("startGateway", () => {
  test("says what to do when the port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const engine = new FakeEngine();

    const start = startGateway({ engine, host: "127.0.0.1", port });

    await expect(start).rejects.toBeInstanceOf(GatewayAddressError);
    await expect(start).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: choose another port`);
    expect(engine.listeners).toBe(0);
  });

  test("closes within a second with open and unread watch streams, and leaves the engine alone", async () => {
    const { engine, gateway, client } = await serve();
    const positions = Array.from({ length: 300 }, () => POSITION);
    const accounts = Array.from({ length: 20 }, (_, index) => engine.open(`account-${index}`, {}, positions));
    client.watchAccounts([]).on("error", () => {});
    const read = client.watchAccounts(["account-0"]);
    let ended: ServiceError | undefined;
    read
      .on("data", () => {})
      .on("error", (error: ServiceError) => {
        ended = error;
      });
    await until(() => gateway.watchLoad.streams === 2);

    for (let change = 0; change < 50; change++) {
      engine.durable(...accounts.slice(1));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(gateway.watchLoad.messagesInFlight).toBe(1);
    const before = performance.now();
    await Promise.all([gateway.close(), gateway.close()]);

    expect(performance.now() - before).toBeLessThan(1_000);
    expect(engine.listeners).toBe(0);
    await until(() => ended !== undefined);
    expect(ended).toMatchObject({ code: status.UNAVAILABLE, details: "the gateway is closing: connect again later" });
    const again = await startGateway({ engine, host: "127.0.0.1", port: gateway.port });
    await again.close();
  });

  test("cuts off, after the time that it leaves them, calls that do not end by themselves", async () => {
    const { gateway } = await serve({ limits: { closeWithinMs: 200 } });
    const { path, requestSerialize, responseDeserialize } = healthService.Watch!;
    const stream = rawClient(gateway.port).makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      service: "",
    });
    const seen: string[] = [];
    let cutOff = false;
    stream.on("data", (answer: { status: string }) => seen.push(answer.status));
    stream.on("error", () => {
      cutOff = true;
    });
    await until(() => seen.length === 1);

    const before = performance.now();
    await gateway.close();

    expect(performance.now() - before).toBeGreaterThan(190);
    expect(performance.now() - before).toBeLessThan(1_000);
    await until(() => cutOff);
    expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
  });

  test("refuses a request larger than the limit", async () => {
    const { client } = await serve({ limits: { receiveBytes: 1_000 } });

    const error = await refusal(client.getAccount("x".repeat(2_000)));

    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
  });
});

describe("the client", () => {
  test("says what to do when nothing answers", async () => {
    const { gateway } = await serve();
    await gateway.close();

    const call = connect(gateway.port).getAccount("alice");

    await expect(call).rejects.toBeInstanceOf(GatewayUnreachableError);
    await expect(call).rejects.toThrow(`no engine answers on 127.0.0.1:${gateway.port}; start one with \`npm start\``);
  });

  test("gives up at its deadline", async () => {
    const { engine, gateway } = await serve();
    engine.submit = () => new Promise(() => {});

    const call = connect(gateway.port, 100).deposit({ requestId: "r", account: "a", currency: "USDT", amount: "1" });

    await expect(call).rejects.toBeInstanceOf(GatewayTimeoutError);
  });
});
