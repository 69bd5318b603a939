import { createHash } from "node:crypto";
import type { ShardOpened } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { VerificationError } from "./doubt.ts";
import { FLAG, INPUT, LAYOUTS, type Layout, NONE, OUTPUT } from "./layouts.ts";

interface Exports {
  layoutVersion(): number;
  configureRegimes(programs: number, arena: number, positions: number, orders: number, market: number): void;
  configure(
    accounts: number,
    pools: number,
    positions: number,
    instruments: number,
    identities: number,
    holds: number,
  ): number;
  apply(count: number): number;
  appliedInputs(): number;
  inputAddress(): number;
  blobAddress(): number;
  outputAddress(): number;
  tableAddress(table: number): number;
  tableUsed(table: number): number;
  restored(): void;
}

/** One thing that a kernel said. */
export interface Output {
  readonly kind: number;
  /** 0 applied, else the refusal. */
  readonly code: number;
  readonly fromState: number;
  readonly toState: number;
  /** Which of the inputs that were written last it belongs to. */
  readonly input: number;
  readonly account: number | undefined;
  readonly instrument: number | undefined;
  readonly currency: number;
  readonly isolated: boolean;
  readonly position: number;
  readonly previous: number;
  value(index: number): bigint;
}

/** An input slot's fields; what is not named is zero, a reference that is not named is NONE. */
export interface Input {
  readonly kind: number;
  readonly timeUs: bigint;
  readonly account?: number | undefined;
  readonly instrument?: number | undefined;
  readonly currency?: number | undefined;
  readonly choice?: number;
  readonly liquidity?: number;
  readonly flags?: number;
  /** Key and fingerprint, 2 x 32 bits each. */
  readonly identity?: readonly [number, number, number, number];
  /** Key of an order's id, 2 x 32 bits. */
  readonly order?: readonly [number, number] | undefined;
  readonly first?: bigint;
  readonly second?: bigint;
  readonly third?: bigint;
  readonly numbers?: readonly bigint[];
  readonly program?: Uint8Array;
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
    this.layoutVersion = probe.layoutVersion();
    const layout = LAYOUTS.get(this.layoutVersion);
    if (layout === undefined) {
      const reason = `kernel ${this.kernelHash} has record layout ${this.layoutVersion}, this verifier knows`;
      throw new VerificationError("kernel", `${reason} ${[...LAYOUTS.keys()].join(", ")}`);
    }
    this.layout = layout;
    const { accountCapacity, poolCapacity, positionCapacity, instrumentCapacity, identityCapacity } = shard;
    const configure = (exports: Exports): number => {
      exports.configureRegimes(...layout.regimeRoom);
      return exports.configure(
        accountCapacity,
        poolCapacity,
        positionCapacity,
        instrumentCapacity,
        identityCapacity,
        // A kernel that knows no orders has no parameter for them, and drops the number.
        shard.holdCapacity || layout.holds,
      );
    };
    const { exports, memory } = instance(module, Math.ceil((configure(probe) >>> 0) / 65_536) + 1);
    configure(exports);
    this.#exports = exports;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** Whether so many inputs and numbers still fit beside what waits. */
  get full(): boolean {
    return this.#inputs === this.layout.inputs || this.#blob + 8 > this.layout.blob;
  }

  write(input: Input): void {
    const view = this.#view;
    const slot = this.#exports.inputAddress() + this.#inputs++ * INPUT.size;
    this.#bytes.fill(0, slot, slot + INPUT.size);
    view.setUint8(slot + INPUT.kind, input.kind);
    view.setUint8(slot + INPUT.choice, input.choice ?? 0);
    view.setUint8(slot + INPUT.liquidity, input.liquidity ?? 0);
    view.setUint8(slot + INPUT.flags, input.flags ?? 0);
    view.setUint32(slot + INPUT.account, input.account ?? NONE, true);
    view.setUint32(slot + INPUT.instrument, input.instrument ?? NONE, true);
    view.setUint32(slot + INPUT.currency, input.currency ?? NONE, true);
    view.setBigInt64(slot + INPUT.time, input.timeUs, true);
    input.identity?.forEach((word, index) => {
      view.setUint32(slot + INPUT.identity + index * 4, word, true);
    });
    input.order?.forEach((word, index) => {
      view.setUint32(slot + INPUT.order + index * 4, word, true);
    });
    view.setBigInt64(slot + INPUT.first, input.first ?? 0n, true);
    view.setBigInt64(slot + INPUT.second, input.second ?? 0n, true);
    view.setBigInt64(slot + INPUT.third, input.third ?? 0n, true);
    const { numbers, program } = input;
    const count = program === undefined ? (numbers?.length ?? 0) : program.length / 8;
    if (count === 0) return;
    view.setUint32(slot + INPUT.blob, this.#blob * 8, true);
    view.setUint32(slot + INPUT.blobCount, count, true);
    const at = this.#exports.blobAddress() + this.#blob * 8;
    if (program !== undefined) this.#bytes.set(program, at);
    numbers?.forEach((number, index) => {
      view.setBigInt64(at + index * 8, number, true);
    });
    this.#blob += count;
  }

  malformed(kind: number, timeUs: bigint, reason: number, account?: number, instrument?: number): void {
    this.write({ kind, timeUs, account, instrument, flags: FLAG.malformed, first: BigInt(reason) });
  }

  /** Applies what waits and tells, in order, what the kernel says. */
  apply(told: (output: Output) => void): void {
    const cursor = new OutputCursor(this.#view, this.layout.outputSize);
    const inputs = this.#exports.inputAddress();
    for (let first = 0; first < this.#inputs; ) {
      const written = this.#trapped(() => this.#exports.apply(this.#inputs - first));
      for (let index = 0; index < written; index++) {
        cursor.move(this.#exports.outputAddress() + index * this.layout.outputSize, first);
        told(cursor);
      }
      const consumed = this.#exports.appliedInputs();
      const rest = inputs + consumed * INPUT.size;
      this.#bytes.copyWithin(inputs, rest, rest + (this.#inputs - first - consumed) * INPUT.size);
      first += consumed;
    }
    this.#inputs = 0;
    this.#blob = 0;
  }

  #trapped(call: () => number): number {
    try {
      return call();
    } catch (error) {
      throw new VerificationError("derivation", `the kernel stops: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The used bytes of a table, as a view. */
  table(table: number): Uint8Array {
    const address = this.#exports.tableAddress(table);
    return this.#bytes.subarray(address, address + (this.#exports.tableUsed(table) >>> 0));
  }

  /** Takes the state of another kernel over, table by table: both must have one layout. */
  takeOver(former: Machine): void {
    for (let table = 0; table < this.layout.tables; table++) {
      this.#bytes.set(former.table(table), this.#exports.tableAddress(table));
    }
    this.#exports.restored();
  }

  /** Says where the journal stands, after a replay that gave the rows other positions. */
  putPositions(next: number, accountHeads: ReadonlyMap<number, number>): void {
    this.#view.setBigInt64(this.#exports.tableAddress(this.layout.bookkeepingTable), BigInt(next), true);
    const heads = this.#exports.tableAddress(this.layout.accountHeadsTable);
    for (const [account, position] of accountHeads) {
      this.#view.setBigInt64(heads + account * 8, BigInt(position), true);
    }
  }

  get eventTimeUs(): number {
    return Number(this.#view.getBigInt64(this.#exports.tableAddress(0), true));
  }

  /** SHA-256 of header and tables, each behind its number and length, and of the names. */
  stateHash(names: string): string {
    const tables = createHash("sha256");
    const prefix = Buffer.alloc(8);
    for (let table = 0; table < this.layout.stateTables; table++) {
      const used = this.table(table);
      prefix.writeUInt32LE(table, 0);
      prefix.writeUInt32LE(used.length, 4);
      tables.update(prefix).update(used);
    }
    return createHash("sha256").update(tables.digest()).update(names).digest("hex");
  }
}

class OutputCursor implements Output {
  readonly #view: DataView;
  readonly #size: number;
  #slot = 0;
  #first = 0;

  constructor(view: DataView, size: number) {
    this.#view = view;
    this.#size = size;
  }

  move(slot: number, first: number): void {
    this.#slot = slot;
    this.#first = first;
  }

  get kind(): number {
    return this.#view.getUint8(this.#slot + OUTPUT.kind);
  }
  get code(): number {
    return this.#view.getUint8(this.#slot + OUTPUT.code);
  }
  get fromState(): number {
    return this.#view.getUint8(this.#slot + OUTPUT.fromState);
  }
  get toState(): number {
    return this.#view.getUint8(this.#slot + OUTPUT.toState);
  }
  get input(): number {
    return this.#first + this.#u32(OUTPUT.input);
  }
  get account(): number | undefined {
    return known(this.#u32(OUTPUT.account));
  }
  get instrument(): number | undefined {
    return known(this.#u32(OUTPUT.instrument));
  }
  get currency(): number {
    return this.#u32(OUTPUT.currency);
  }
  get isolated(): boolean {
    return this.#u32(OUTPUT.isolated) === 1;
  }
  get position(): number {
    return Number(this.#view.getBigInt64(this.#slot + OUTPUT.position, true));
  }
  get previous(): number {
    return Number(this.#view.getBigInt64(this.#slot + OUTPUT.previous, true));
  }
  /** 0 for a value that slots of an older layout have no room for. */
  value(index: number): bigint {
    if (OUTPUT.values + index * 8 >= this.#size) return 0n;
    return this.#view.getBigInt64(this.#slot + OUTPUT.values + index * 8, true);
  }
  #u32(offset: number): number {
    return this.#view.getUint32(this.#slot + offset, true);
  }
}

function known(reference: number): number | undefined {
  return reference === NONE ? undefined : reference;
}

function instance(module: WebAssembly.Module, pages: number): { exports: Exports; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { exports: exports as unknown as Exports, memory };
}
