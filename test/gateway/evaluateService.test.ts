// Books that are given whole, and live accounts explained, over gRPC on the loopback and a real engine.

import { status } from "@grpc/grpc-js";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { register as registerAccount } from "../../bin/commands/account.ts";
import { register as registerBook } from "../../bin/commands/book.ts";
import type { Engine } from "../../services/engine/engine.ts";
import { sumOf } from "../../services/evaluate/explain.ts";
import { GatewayClient } from "../../services/gateway/client.ts";
import { explanationOf } from "../../services/gateway/derivationMessage.ts";
import { type Gateway, startGateway } from "../../services/gateway/server.ts";
import { listRegimes } from "../../services/regimes/loadRegime.ts";
import { Folder, openEngine } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { MemoryJournal } from "../journal/memoryJournal.ts";
import { command, fill, marketAt, optionMarket } from "../margin/portfolioMarket.ts";
import { refusal } from "./harness.ts";

const REGIME = "deribit-portfolio-2026-02";
const BTC = 100_000_000n;

let folder: Folder;
let engine: Engine;
let gateway: Gateway;
let client: GatewayClient;
let running: Promise<void>;

/** alice: a portfolio of futures and an option, and one fenced future; bob: a cross position under margin tables. */
const HISTORY = [
  command("alice", { $case: "openAccount", value: { marginMode: 3, regime: "portfolio" } }),
  command("bob", { $case: "openAccount", value: { marginMode: 2 } }),
  ...["alice", "bob"].map((name) => command(name, { $case: "deposit", value: { currency: "BTC", amount: 3n * BTC } })),
  ...marketAt(1n),
  fill("alice", "BTC-PERP", -30_000n, 6_700_000n, 2n),
  fill("alice", "BTC-70000-C", -50n, 400n, 3n),
  fill("alice", "BTC-FUT", 1_000n, 6_620_000n, 4n),
  command("alice", { $case: "setMarginMode", value: { instrument: "BTC-FUT", marginMode: 1 } }),
  fill("bob", "BTC-PERP", 30_000n, 6_700_000n, 5n),
  command("carol", { $case: "openAccount", value: { marginMode: 3, regime: "portfolio" } }),
  fill("carol", "ETH-UNTOLD", 5n, 200_000n, 5n),
  ...marketAt(6n),
].map(({ input }) => input as never);

beforeAll(async () => {
  folder = new Folder();
  const document = optionMarket({ portfolio: REGIME });
  const { listing } = document.instruments.find(({ name }) => name === "ETH-PERP")!;
  const source = new ScriptedSource([HISTORY], { ends: false });
  engine = await openEngine(new MemoryJournal(), source, folder.snapshots, {
    market: { ...document, instruments: [...document.instruments, { name: "ETH-UNTOLD", listing }] },
    capacities: { accounts: 64, pools: 256, positions: 512, instruments: 64, identities: 4096 },
  });
  const fed = new Promise<void>((resolve) => {
    engine.onDurable(() => resolve());
  });
  running = engine.run();
  await fed;
  gateway = await startGateway({ engine, host: "127.0.0.1", port: 0 });
  client = new GatewayClient({ host: "127.0.0.1", port: gateway.port, clockMs: Date.now });
});

afterAll(async () => {
  client.close();
  await gateway.close();
  engine.stop();
  await running;
  folder.remove();
});

/** What a command prints. */
async function run(...words: readonly string[]): Promise<string> {
  let out = "";
  const program = new Command("plimsoll").exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
  });
  for (const register of [registerAccount, registerBook]) register(program);
  await program.parseAsync([...words, "--port", String(gateway.port)], { from: "user" });
  return out;
}

const BOOK = {
  time: "2026-01-29T08:00:00Z",
  currencies: { BTC: { balance: "1.5", price: 65_666 } },
  underlyings: { BTC: { index: 65_666 } },
  instruments: {
    "BTC-PERPETUAL": {
      product: "perpetual",
      inverse: true,
      underlying: "BTC",
      settlement: "BTC",
      multiplier: 10,
      mark: 65_670,
    },
  },
  positions: [{ instrument: "BTC-PERPETUAL", quantity: 100, entry: 65_000 }],
};
const evaluate = (book: object, explain = false, regime = REGIME) =>
  client.evaluate({ regime, book: JSON.stringify(book), explain });

describe("Evaluate", () => {
  test("margins a book, and tells figures only when it is asked", async () => {
    const { main, isolated } = await evaluate(BOOK);
    expect(main).toMatchObject({ regime: REGIME, figures: [], tables: [] });
    expect(main!.verdicts.map(({ currency, state }) => [currency, state])).toEqual([["BTC", "healthy"]]);
    expect(Number(main!.verdicts[0]!.initialMargin)).toBeGreaterThan(0);
    expect(isolated).toEqual({});
    const { main: explained } = await evaluate(BOOK, true);
    expect(explained!.verdicts).toEqual(main!.verdicts);
    for (const { rule, parts, value } of explanationOf(explained!).figures) {
      if (rule === "sum") expect(sumOf(parts)).toBe(value);
    }
    expect(explained!.tables.length).toBeGreaterThan(0);
  });

  test("isolated positions come by name of their instrument", async () => {
    const [position] = BOOK.positions;
    const fenced = { ...BOOK, positions: [{ ...position, isolated: true, posted: "0.01" }] };
    const { isolated } = await evaluate(fenced, false, "deribit-standard-2026-01");
    expect(isolated["BTC-PERPETUAL"]!.verdicts[0]).toMatchObject({ currency: "BTC" });
  });

  test("an unknown regime is not found; a path is no regime", async () => {
    for (const regime of ["deribit-portfolio-2036", "../markets/simulated.yaml", "__proto__"]) {
      const error = await refusal(evaluate(BOOK, false, regime));
      expect([error.code, error.message]).toEqual([status.NOT_FOUND, expect.stringContaining(regime)]);
    }
    expect((await refusal(evaluate(BOOK, false, ""))).code).toBe(status.INVALID_ARGUMENT);
  });

  test("a bad book names the place", async () => {
    const bad = { ...BOOK, positions: [{ instrument: "BTC-1", quantity: 1 }] };
    const error = await refusal(evaluate(bad));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.message).toContain("positions[0].instrument");
    expect((await refusal(client.evaluate({ regime: REGIME, book: "{", explain: false }))).message).toContain("book");
  });
});

test("ListRegimes tells every document", async () => {
  const { regimes } = await client.listRegimes();
  expect(regimes.map(({ id }) => id)).toEqual(listRegimes());
  expect(regimes.every(({ venue, vintage }) => venue !== "" && /^\d{4}-\d\d-\d\d$/.test(vintage))).toBe(true);
});

/** Figures of rule "sum" are the sum of their parts, and each verdict is a figure. */
function expectWhole(explanation: ReturnType<typeof explanationOf>): void {
  const { figures, conclusion, verdicts } = explanation;
  for (const { term, row, rule, parts, value } of figures) {
    if (rule === "sum") expect(sumOf(parts), `${term} ${row}`).toBe(value);
  }
  for (const { currency, initial } of verdicts) {
    expect(figures.find(({ term, row }) => term === conclusion.initial && row === currency)?.value).toBe(initial);
  }
}

describe("ExplainAccount", () => {
  test("a portfolio account: its regime, and what it holds isolated by margin tables", async () => {
    const { main, isolated, asOf } = await client.explainAccount("alice");
    expect(asOf!.journalPosition).toBe(engine.asOf().journalPosition);
    expect(main).toMatchObject({ regime: REGIME, venue: "Deribit", valuation: "USD" });
    const explanation = explanationOf(main!);
    expect(explanation).toEqual({
      ...engine.explain(engine.names.account("alice")!).main,
      regime: { ...explanation.regime },
    });
    expectWhole(explanation);
    // To the unit what the pool says: 10^-8 coins.
    const pool = engine.account(engine.names.account("alice")!).pools[0]!;
    const [verdict] = explanation.verdicts;
    expect((verdict!.initial + 10n ** 10n - 1n) / 10n ** 10n).toBe(pool.initialMargin);
    expect(isolated!.verdicts.map(({ currency }) => currency)).toEqual(["BTC-FUT"]);
    expectWhole(explanationOf(isolated!));
  });

  test("an account under margin tables", async () => {
    const { main, isolated } = await client.explainAccount("bob");
    expect([main!.regime, isolated]).toEqual(["margin-tables", undefined]);
    const explanation = explanationOf(main!);
    expectWhole(explanation);
    const equity = explanation.figures.find(({ term }) => term === "equity")!;
    expect(equity.parts.map(({ name }) => name)).toEqual(["balance", "unrealised_profit"]);
  });

  test("an account whose margin is unknown: the fact that is missing", async () => {
    const error = await refusal(client.explainAccount("carol"));
    expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, "MARGIN_UNKNOWN"]);
    expect(error.message).toContain("instruments.ETH-UNTOLD.mark");
  });

  test("on the command line: the page of the explanation, and as JSON", async () => {
    const page = await run("account", "alice", "--explain");
    for (const part of ["Deribit: Portfolio margin", "Initial margin: ", "Isolated positions", "As of "]) {
      expect(page).toContain(part);
    }
    expect(await run("account", "bob", "--explain")).toContain("Sum over the cross positions (MAR-015).");
    expect(JSON.parse(await run("account", "bob", "--explain", "--json")).main.regime).toBe("margin-tables");
  });

  test("nobody", async () => {
    expect((await refusal(client.explainAccount("nobody"))).code).toBe(status.NOT_FOUND);
    expect((await refusal(client.explainAccount(""))).code).toBe(status.INVALID_ARGUMENT);
  });
});

describe("GetAccountBook", () => {
  test("on the command line: the book itself, or with its regime as JSON", async () => {
    const { book } = await client.getAccountBook("alice");
    expect(JSON.parse(await run("book", "alice"))).toEqual(JSON.parse(book));
    expect(JSON.parse(await run("book", "alice", "--json"))).toMatchObject({ regime: REGIME, book: JSON.parse(book) });
  });

  test("is a book that Evaluate margins to the same figures", async () => {
    const { book, regime } = await client.getAccountBook("alice");
    expect(regime).toBe(REGIME);
    const { main: given } = await client.evaluate({ regime, book, explain: false });
    const { main: live } = await client.explainAccount("alice");
    expect(given!.verdicts).toEqual(live!.verdicts);
  });

  test("of an account under margin tables, for any regime", async () => {
    const { book, regime } = await client.getAccountBook("bob");
    expect(regime).toBe("");
    const { main } = await client.evaluate({ regime: REGIME, book, explain: false });
    expect(main!.verdicts[0]!.currency).toBe("BTC");
  });

  test("nobody", async () => {
    expect((await refusal(client.getAccountBook("nobody"))).code).toBe(status.NOT_FOUND);
  });
});
