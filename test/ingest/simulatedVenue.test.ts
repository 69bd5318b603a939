import { describe, expect, it } from "vitest";
import type { Clock } from "../../services/ingest/clock.ts";
import { SimulatedVenue, type SimulatedVenueOptions } from "../../services/ingest/simulatedVenue.ts";
import type { SourceBatch, VenueInput } from "../../services/ingest/source.ts";
import { loadMarket } from "../../services/markets/loadMarket.ts";
import { PositionBook } from "./positionBook.ts";

const market = loadMarket("markets/simulated.yaml");
const clock: Clock = { nowMs: () => 0, sleep: async () => {} };

async function venue(options: Partial<SimulatedVenueOptions> = {}, after?: number): Promise<SimulatedVenue> {
  const made = new SimulatedVenue({ market, seed: 11, clock, stepIntervalMs: 0, accounts: 100, ...options });
  await made.open(after === undefined ? [] : [{ topic: made.name, partition: 0, leaderEpoch: 0, lastOffset: after }]);
  return made;
}

async function drain(from: SimulatedVenue, book?: PositionBook): Promise<SourceBatch[]> {
  const batches: SourceBatch[] = [];
  for (let batch = await from.pull(1); batch !== undefined; batch = await from.pull(1)) {
    book?.apply(batch);
    batches.push(batch);
  }
  return batches;
}

function inputsOf(batches: readonly SourceBatch[]): VenueInput[] {
  return batches.flatMap((batch) => batch.inputs.map(({ input }) => input));
}

function casesOf(batches: readonly SourceBatch[]): string[] {
  return inputsOf(batches).map((input) => {
    if (input.kind === "market") return input.event.event?.$case ?? "";
    return input.kind === "account" ? (input.command.command?.$case ?? "") : input.kind;
  });
}

describe("SimulatedVenue", () => {
  it("emits the same for the same seed, and goes on from any step, with feedback and without", async () => {
    for (const most of [undefined, 2_000n]) {
      const book = most === undefined ? undefined : new PositionBook(most);
      const whole = await drain(await venue({ maxSteps: 150, feedback: book }), book);
      expect(whole).toHaveLength(150);
      for (const step of [0, 1, 2, 40, 99, 148]) {
        const again = most === undefined ? undefined : new PositionBook(most);
        for (const batch of whole.slice(0, step + 1)) again?.apply(batch);
        const rest = await drain(await venue({ maxSteps: 150, feedback: again }, step), again);
        expect(rest).toEqual(whole.slice(step + 1));
      }
    }
  });

  it("keeps identities distinct, time rising and quantities at zero sum", async () => {
    const batches = await drain(await venue({ maxSteps: 400 }));
    const seen = new Set<string>();
    let timeUs = 0n;
    for (const input of inputsOf(batches)) {
      if (input.kind === "fill") {
        const { venue: name, tradeId, account, eventTimeUs } = input.fill;
        expect(seen.has(`${name} ${tradeId} ${account}`)).toBe(false);
        seen.add(`${name} ${tradeId} ${account}`);
        expect(eventTimeUs).toBeGreaterThanOrEqual(timeUs);
        timeUs = eventTimeUs;
      } else if (input.kind === "account") {
        expect(seen.has(`${input.command.account} ${input.command.commandId}`)).toBe(false);
        seen.add(`${input.command.account} ${input.command.commandId}`);
      }
    }
    const book = new PositionBook(10n ** 15n);
    for (const batch of batches) book.apply(batch);
    for (const sum of book.sums().values()) expect(sum).toBe(0n);
  });

  it("trades on tick and lot, near the mark, never with oneself", async () => {
    const listings = new Map(market.instruments.map(({ name, listing }) => [name, listing]));
    const book = new PositionBook(10n ** 15n);
    for (const batch of await drain(await venue({ maxSteps: 300 }))) {
      book.apply(batch);
      const sides = new Map<string, string>();
      for (const { input } of batch.inputs) {
        if (input.kind !== "fill") continue;
        const { instrument, price, quantity, tradeId, account } = input.fill;
        const listing = listings.get(instrument);
        const mark = book.mark(instrument);
        if (listing === undefined || mark === undefined) throw new Error(`${instrument} trades before it has a mark`);
        expect(price % listing.tick).toBe(0n);
        expect(quantity > 0n && quantity % listing.lot === 0n).toBe(true);
        expect(Math.abs(Number(price - mark)) / Number(mark)).toBeLessThan(0.001);
        expect(sides.get(tradeId)).not.toBe(account);
        sides.set(tradeId, account);
      }
    }
  });

  it("stays plausible: marks move, in bursts by several percent, and come back", async () => {
    const book = new PositionBook(10n ** 15n);
    const prices: number[] = [];
    for (const batch of await drain(await venue({ maxSteps: 6_000, accounts: 10 }))) {
      book.apply(batch);
      const mark = book.mark("BTC-PERP");
      if (mark !== undefined) prices.push(Number(mark) / 10);
    }
    expect(Math.min(...prices)).toBeGreaterThan(40_000);
    expect(Math.max(...prices)).toBeLessThan(85_000);
    const early = prices.slice(0, 190);
    expect(Math.max(...early) / Math.min(...early)).toBeGreaterThan(1.03);
    for (const [index, price] of prices.entries()) {
      expect(Math.abs(price / (prices[index - 1] ?? price) - 1)).toBeLessThan(0.03);
    }
  });

  it("settles the future at its expiry and lists the next, week after week", async () => {
    const first = 8 * 120;
    const second = first + 7 * 24 * 120;
    const batches: SourceBatch[] = [];
    for (const expiry of [first, second]) {
      batches.push(...(await drain(await venue({ maxSteps: expiry + 50, accounts: 4 }, expiry - 50))));
    }
    const events = inputsOf(batches).flatMap((input) => {
      if (input.kind !== "market" || !["settlement", "listing"].includes(input.event.event?.$case ?? "")) return [];
      const time = new Date(Number(input.event.eventTimeUs / 1000n)).toISOString();
      return [`${input.event.event?.$case} ${input.event.instrument} ${time}`];
    });
    expect(events).toEqual([
      "settlement ETH-260102 2026-01-02T08:00:00.000Z",
      "listing ETH-260109 2026-01-02T08:00:00.000Z",
      "settlement ETH-260109 2026-01-09T08:00:00.000Z",
      "listing ETH-260116 2026-01-09T08:00:00.000Z",
      "settlement BTC-260109-60000-C 2026-01-09T08:00:00.000Z",
      "listing BTC-260116-60000-C 2026-01-09T08:00:00.000Z",
      "settlement BTC-260109-60000-P 2026-01-09T08:00:00.000Z",
      "listing BTC-260116-60000-P 2026-01-09T08:00:00.000Z",
    ]);
    let settled = false;
    for (const input of inputsOf(batches)) {
      if (input.kind === "market" && input.event.event?.$case === "settlement") settled = true;
      if (settled && input.kind === "fill") expect(input.fill.instrument).not.toBe("ETH-260102");
    }
  });

  it("closes what must be closed, never more, against the market maker", async () => {
    const book = new PositionBook(2_000n);
    const batches = await drain(await venue({ maxSteps: 1_200, feedback: book }), book);
    expect(book.overshoots).toEqual([]);
    expect(book.liquidationFills).toBeGreaterThan(100);
    const trades = new Map<string, string[]>();
    for (const input of inputsOf(batches)) {
      if (input.kind !== "fill") continue;
      const { tradeId, account, liquidation } = input.fill;
      trades.set(tradeId, [...(trades.get(tradeId) ?? []), liquidation ? "liquidated" : account]);
    }
    const liquidations = [...trades.values()].filter((parties) => parties.includes("liquidated"));
    for (const parties of liquidations) {
      expect(parties.toSorted()).toEqual(["liquidated", expect.stringMatching(/^mm-[12]$/)]);
    }
  });

  it("holds everything that a demonstration needs, in batches of modest size", async () => {
    const book = new PositionBook(5_000n);
    const batches = await drain(await venue({ maxSteps: 400, accounts: 500, feedback: book }), book);
    const cases = new Set(casesOf(batches));
    for (const each of [
      "openAccount",
      "deposit",
      "withdrawal",
      "setLeverage",
      "markPrice",
      "indexPrice",
      "funding",
      "fill",
    ]) {
      expect(cases).toContain(each);
    }
    const sizes = batches.slice(8).map(({ inputs }) => inputs.length);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    expect(mean).toBeGreaterThan(25);
    expect(mean).toBeLessThan(60);
    expect(Math.max(...batches.map(({ inputs }) => inputs.length))).toBeLessThan(1_000);
  });

  it("has portfolio accounts: only they hold options, quoted with a volatility and a forward", async () => {
    const batches = await drain(await venue({ maxSteps: 300 }));
    const holders = new Set<string>();
    const others = new Set<string>();
    for (const input of inputsOf(batches)) {
      if (input.kind === "fill") (/-[CP]$/.test(input.fill.instrument) ? holders : others).add(input.fill.account);
      if (input.kind !== "market" || !/-[CP]$/.test(input.event.instrument)) continue;
      if (input.event.event?.$case !== "markPrice") continue;
      const { volatilityE9 = 0n, forwardE8 = 0n } = input.event.event.value;
      expect(volatilityE9 > 300_000_000n && volatilityE9 < 1_500_000_000n).toBe(true);
      expect(forwardE8 > 50_000n * 10n ** 8n && forwardE8 < 70_000n * 10n ** 8n).toBe(true);
    }
    expect([...holders].toSorted()).toEqual(["mm-2", ...Array.from({ length: 8 }, (_, index) => `pm-${index + 1}`)]);
    expect(others).toContain("pm-1");
    expect(others).not.toContain("mm-2");
    // A market without a regime has none of them, and trades its other instruments as ever.
    const plain = await drain(await venue({ maxSteps: 100, market: { ...market, regimes: [] } }));
    const accounts = new Set(inputsOf(plain).flatMap((input) => (input.kind === "fill" ? [input.fill.account] : [])));
    expect([...accounts].some((name) => name.startsWith("pm-"))).toBe(false);
  });

  it("paces itself by the clock that it is given", async () => {
    let nowMs = 1_000;
    const slept: number[] = [];
    const paced: Clock = {
      nowMs: () => nowMs,
      sleep: async (ms) => {
        slept.push(ms);
        nowMs += ms;
      },
    };
    const made = await venue({ clock: paced, stepIntervalMs: 50 });
    await made.pull(1);
    expect(slept).toEqual([]);
    nowMs += 20;
    await made.pull(1);
    expect(slept).toEqual([30]);
    // Far behind: no burst of steps to catch up.
    nowMs += 10_000;
    await made.pull(1);
    await made.pull(1);
    await made.pull(1);
    expect(slept).toEqual([30, 50]);
  });

  it("refuses a market that it cannot walk", async () => {
    const instruments = market.instruments.filter(({ name }) => name !== "ETH-PERP");
    await expect(venue({ market: { ...market, instruments } })).rejects.toThrow(
      /underlying ETH needs an instrument ETH-PERP/,
    );
    await expect(venue({ stepIntervalMs: -1 })).rejects.toThrow(/stepIntervalMs -1/);
  });
});
