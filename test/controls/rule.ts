// Runs a table of lines (test/margin/lines.ts) on the kernel and on the oracle of the controls, and checks what it says:
//
//   limit POSITION alice LIN 10 ! CONTROL_SCOPE 5 0      refused, with the value and the limit (both may be left out)
//   > tripped alice EXECUTION_RATE 3                     what followed from the line above; all of it, in order
//   > expired alice LIN POSITION
//   > nothing
//   check alice buy LIN 10 @ 106 = PRICE_COLLAR 106 105
//   check alice sell LIN 3 reduce-only = accepted
//
// Margin states that change are left out of what followed: the oracle of the controls knows no margin. A table that is about
// margin runs on the kernel alone.

import { expect, test } from "vitest";
import { JournalEvent, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { genesis, ownInput } from "../../services/engine/genesis.ts";
import { outcomeOfRow } from "../../services/engine/outcome.ts";
import { Shard } from "../../services/engine/shard.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import type { JournalRow } from "../../services/journal/journal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import { LineReader, whole } from "../margin/lines.ts";
import { type Listings, market } from "../margin/market.ts";
import { type ControlFollowed, type ControlOutcome, ControlsOracle } from "../oracle/controls.ts";
import type { Order, Refusal } from "../oracle/outcome.ts";

const CAPACITIES = { accounts: 64, pools: 128, positions: 256, instruments: 16, identities: 1_000 };
const REASONS = new Map<number, string>(Object.entries(RefusalReason).map(([name, number]) => [number, name]));
const CONTROLS = new Map<number, string>(Object.entries(Control).map(([name, number]) => [number, name]));

interface Subject {
  apply(input: VenueInput): ControlOutcome;
  check(order: Order, reduceOnly: boolean): Refusal;
}

export function openShard(document: MarketDocument): Shard {
  const shard = new Shard(Kernel.create(kernelBinary(), CAPACITIES));
  shard.fold(genesis("test", CAPACITIES, document));
  return shard;
}

/** The kernel, seen through its journal rows. */
export class KernelControls implements Subject {
  readonly shard: Shard;

  constructor(document: MarketDocument) {
    this.shard = openShard(document);
  }

  apply(input: VenueInput): ControlOutcome {
    const [own, ...rest] = this.shard.fold([ownInput(input)]);
    return { ...outcomeOfRow(own!), followed: rest.flatMap((row) => this.#followed(row) ?? []) };
  }

  #followed(row: JournalRow): ControlFollowed | undefined {
    const { names } = this.shard;
    const { body } = JournalEvent.decode(row.payload);
    const account = row.account === undefined ? "" : names.accounts[row.account]!;
    const instrument = row.instrument === undefined ? "" : names.instruments[row.instrument]!.name;
    if (body?.$case === "controlTripped") {
      return { kind: "tripped", account, control: body.value.control, count: body.value.count };
    }
    if (body?.$case === "overrideExpired") return { kind: "expired", account, instrument, control: body.value.control };
    return undefined;
  }

  check({ account, instrument, side, quantity, price }: Order, reduceOnly = false): Refusal {
    const { names, reader } = this.shard;
    const numbers = [names.account(account)!, names.instrument(instrument)!] as const;
    const { code, value, limit } = reader.checkOrder(...numbers, side, quantity, price, reduceOnly);
    return { code, value, limit };
  }
}

export interface ControlRuleOptions {
  readonly listings?: Listings;
  /** The table speaks of margin too, which the oracle of the controls does not know. */
  readonly kernelOnly?: boolean;
}

/** One rule, one worked table. `title` starts with the rule's id. */
export function controlRule(title: string, table: string, options: ControlRuleOptions = {}): void {
  const document = market(options.listings);
  const subjects: [string, () => Subject][] = [["kernel", () => new KernelControls(document)]];
  if (options.kernelOnly !== true) subjects.push(["oracle", () => new ControlsOracle(document)]);
  const lines = table.split("\n").map((line) => line.replace(/#.*/, "").trim());
  test.each(subjects)(`${title} (%s)`, (_, open) => {
    const subject = open();
    const reader = new LineReader(document);
    lines.forEach((line, index) => {
      if (line === "" || line.startsWith(">")) return;
      const followed: string[] = [];
      for (let next = index + 1; lines[next]?.startsWith(">"); next += 1) followed.push(lines[next]!.slice(1).trim());
      runLine(subject, reader, line, followed);
    });
  });
}

function runLine(subject: Subject, reader: LineReader, line: string, followed: readonly string[]): void {
  if (line.startsWith("check ")) {
    const [asked = "", answered = ""] = line.split(" = ");
    expectWords(subject.check(orderOf(asked), asked.includes("reduce-only")), answered, line);
    return;
  }
  const [said = "", refused] = line.split("!");
  const input = reader.read(said.trim().split(/\s+/));
  if (input === undefined) throw new SyntaxError(`a table cannot say: ${line}`);
  const outcome = subject.apply(input);
  expectWords(outcome, refused ?? "accepted", line);
  if (followed.length === 0) return;
  const words = outcome.followed.map((event) => {
    const control = CONTROLS.get(event.control);
    return event.kind === "tripped"
      ? `tripped ${event.account} ${control} ${event.count}`
      : `expired ${event.account || "-"} ${event.instrument || "-"} ${control}`;
  });
  expect(words, `what followed from: ${line}`).toEqual(followed.filter((text) => text !== "nothing"));
}

function orderOf(asked: string): Order {
  const [, account, side, instrument, quantity, at, price] = asked.trim().split(/\s+/);
  return {
    account: account!,
    instrument: instrument!,
    side: side === "buy" ? 1 : 2,
    quantity: whole(quantity),
    price: at === "@" ? whole(price) : undefined,
  };
}

function expectWords({ code, value, limit }: Refusal, expected: string, line: string): void {
  const words = expected.trim().replaceAll(",", "").split(/\s+/);
  const said = [code === 0 ? "accepted" : (REASONS.get(code) ?? `${code}`), `${value}`, `${limit}`];
  expect(said.slice(0, words.length), line).toEqual(words);
}
