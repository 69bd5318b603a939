import { createHash } from "node:crypto";
import type { ShardOpened } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { VerificationError } from "./doubt.ts";
import { FLAG, INPUT, LAYOUTS, type Layout, NONE, OUTPUT } from "./layouts.ts";

type Call = (...numbers: number[]) => number;
type Exports = Record<string, Call>;

/** An input slot's fields; what is not named is zero, a reference that is not named is NONE. */
export interface Input {
  readonly kind: number;
  readonly time: bigint;
  readonly choice?: number | undefined;
  readonly liquidity?: number | undefined;
  readonly flags?: number;
  readonly account?: number | undefined;
  readonly instrument?: number | undefined;
  readonly currency?: number | undefined;
  /** Key and fingerprint, 2 x 32 bits each. */
  readonly identity?: readonly number[];
  /** Key of an order's id, 2 x 32 bits. */
  readonly order?: readonly number[] | undefined;
  readonly first?: bigint | undefined;
  readonly second?: bigint | undefined;
  readonly third?: bigint | undefined;
  readonly numbers?: readonly bigint[];
  readonly program?: Uint8Array;
}

const BYTES = ["kind", "choice", "liquidity", "flags"] as const;
const REFERENCES = ["account", "instrument", "currency"] as const;
const LONGS = ["time", "first", "second", "third"] as const;

/** One thing that a kernel said: `code` 0 is applied, else the refusal; `input` is which of those that were written last. */
export type Output = ReturnType<typeof outputAt>;

function outputAt(view: DataView, slot: number, firstInput: number, size: number) {
  const u32 = (offset: number): number => view.getUint32(slot + offset, true);
  const position = (offset: number): number => Number(view.getBigInt64(slot + offset, true));
  const code = view.getUint8(slot + OUTPUT.code);
  const value = (index: number): bigint => {
    const at = OUTPUT.values + index * 8;
    return at < size ? view.getBigInt64(slot + at, true) : 0n;
  };
  // Whose price is too old; of an order that rests its quantity stands there.
  const price = code === 0 ? 0n : value(13);
  const known = (reference: number): number | undefined => (reference === NONE ? undefined : reference);
  return {
    kind: view.getUint8(slot + OUTPUT.kind),
    code,
    fromState: view.getUint8(slot + OUTPUT.fromState),
    toState: view.getUint8(slot + OUTPUT.toState),
    input: firstInput + u32(OUTPUT.input),
    account: known(u32(OUTPUT.account)),
    instrument: known(u32(OUTPUT.instrument)),
    currency: u32(OUTPUT.currency),
    isolated: u32(OUTPUT.isolated),
    position: position(OUTPUT.position),
    previous: position(OUTPUT.previous),
    /** 0 for a value that slots of an older layout have no room for. */
    value,
    priceKind: Number(price >> 32n),
    priceKey: Number(price & 0xffff_ffffn),
  };
}

/** A kernel binary of the journal at work, driven by the layout of its version. */
export class Machine {
  readonly kernelHash: string;
  readonly layoutVersion: number;
  readonly layout: Layout;
  readonly #exports: Exports;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #inputs = 0;
  #blob = 0;

  /** @throws VerificationError when its layout is one that this verifier does not know */
  constructor(binary: Uint8Array, shard: ShardOpened) {
    this.kernelHash = createHash("sha256").update(binary).digest("hex");
    const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
    const probe = instance(module, 1).exports;
    this.layoutVersion = probe["layoutVersion"]!();
    const layout = LAYOUTS.get(this.layoutVersion);
    if (layout === undefined) {
      const reason = `kernel ${this.kernelHash} has record layout ${this.layoutVersion}, this verifier knows`;
      throw new VerificationError("kernel", `${reason} ${[...LAYOUTS.keys()].join(", ")}`);
    }
    this.layout = layout;
    const { accountCapacity, poolCapacity, positionCapacity, instrumentCapacity, identityCapacity } = shard;
    // A kernel that knows no orders has no parameter for them, and drops the number.
    const holds = shard.holdCapacity || layout.holds;
    const configure = (exports: Exports): number => {
      exports["configureRegimes"]!(...layout.regimeRoom);
      const room = [accountCapacity, poolCapacity, positionCapacity, instrumentCapacity, identityCapacity, holds];
      return exports["configure"]!(...room) >>> 0;
    };
    const { exports, memory } = instance(module, Math.ceil(configure(probe) / 65_536) + 1);
    configure(exports);
    this.#exports = exports;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  #address(of: "inputAddress" | "blobAddress" | "outputAddress"): number {
    return this.#exports[of]!();
  }

  #tableAddress(table: number): number {
    return this.#exports["tableAddress"]!(table);
  }

  /** Whether another input and its numbers may not fit beside what waits. */
  get full(): boolean {
    return this.#inputs === this.layout.inputs || this.#blob + 8 > this.layout.blob;
  }

  write(input: Input): void {
    const view = this.#view;
    const slot = this.#address("inputAddress") + this.#inputs++ * INPUT.size;
    this.#bytes.fill(0, slot, slot + INPUT.size);
    for (const field of BYTES) view.setUint8(slot + INPUT[field], input[field] ?? 0);
    for (const field of REFERENCES) view.setUint32(slot + INPUT[field], input[field] ?? NONE, true);
    for (const field of LONGS) view.setBigInt64(slot + INPUT[field], input[field] ?? 0n, true);
    const words = (at: number, values: readonly number[] = []): void =>
      values.forEach((word, index) => void view.setUint32(at + index * 4, word, true));
    words(slot + INPUT.identity, input.identity);
    words(slot + INPUT.order, input.order);
    const { numbers = [], program } = input;
    const count = program === undefined ? numbers.length : program.length / 8;
    if (count === 0) return;
    words(slot + INPUT.blob, [this.#blob * 8, count]);
    const at = this.#address("blobAddress") + this.#blob * 8;
    if (program !== undefined) this.#bytes.set(program, at);
    numbers.forEach((number, index) => void view.setBigInt64(at + index * 8, number, true));
    this.#blob += count;
  }

  /** An input that the host refused before a kernel saw what is in it. */
  malformed(kind: number, time: bigint, reason: number, account?: number, instrument?: number): void {
    this.write({ kind, time, account, instrument, flags: FLAG.malformed, first: BigInt(reason) });
  }

  /** Applies what waits and tells, in order, what the kernel says. */
  apply(told: (output: Output) => void): void {
    const size = this.layout.outputSize;
    const [inputs, outputs] = [this.#address("inputAddress"), this.#address("outputAddress")];
    for (let first = 0; first < this.#inputs; ) {
      const written = this.#applied(this.#inputs - first);
      for (let index = 0; index < written; index++) told(outputAt(this.#view, outputs + index * size, first, size));
      const consumed = this.#exports["appliedInputs"]!();
      const rest = inputs + consumed * INPUT.size;
      this.#bytes.copyWithin(inputs, rest, rest + (this.#inputs - first - consumed) * INPUT.size);
      first += consumed;
    }
    this.#inputs = 0;
    this.#blob = 0;
  }

  #applied(count: number): number {
    try {
      return this.#exports["apply"]!(count);
    } catch (error) {
      throw new VerificationError("derivation", `the kernel stops: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The used bytes of a table, as a view. */
  table(table: number): Uint8Array {
    const address = this.#tableAddress(table);
    return this.#bytes.subarray(address, address + (this.#exports["tableUsed"]!(table) >>> 0));
  }

  /** Takes the state of another kernel over, table by table: both must have one layout. */
  takeOver(former: Machine): void {
    for (let table = 0; table < this.layout.tables; table++) {
      this.#bytes.set(former.table(table), this.#tableAddress(table));
    }
    this.#exports["restored"]!();
  }

  /** Says where the journal stands, after a replay that gave the rows other positions. */
  putPositions(next: number, accountHeads: ReadonlyMap<number, number>): void {
    this.#view.setBigInt64(this.#tableAddress(this.layout.bookkeepingTable), BigInt(next), true);
    const heads = this.#tableAddress(this.layout.accountHeadsTable);
    for (const [account, head] of accountHeads) this.#view.setBigInt64(heads + account * 8, BigInt(head), true);
  }

  get eventTimeUs(): number {
    return Number(this.#view.getBigInt64(this.#tableAddress(0), true));
  }

  /** SHA-256 of header and tables, each behind its number and length, and of the names. */
  stateHash(names: string): string {
    const tables = createHash("sha256");
    for (let table = 0; table < this.layout.stateTables; table++) {
      const used = this.table(table);
      tables.update(Uint32Array.of(table, used.length)).update(used);
    }
    return createHash("sha256").update(tables.digest()).update(names).digest("hex");
  }
}

function instance(module: WebAssembly.Module, pages: number): { exports: Exports; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { exports: exports as unknown as Exports, memory };
}
