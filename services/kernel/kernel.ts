import { createHash } from "node:crypto";
import {
  ACCOUNT_HEAD_SIZE,
  ANSWER_SIZE,
  BLOB_CAPACITY,
  BOOKKEEPING_NEXT_POSITION,
  HEADER_IDENTITY_CAPACITY,
  INPUT_CAPACITY,
  INPUT_SIZE,
  LAYOUT_VERSION,
  NONE,
  REPLAY_DEFERS_MARKS,
  REPLAY_PASSES_IDENTITIES_OVER,
  TABLE_ACCOUNT_HEADS,
  TABLE_BOOKKEEPING,
  TABLE_COUNT,
  TABLE_HEADER,
} from "../../assembly/memory/layout.ts";

/** How many rows each table of a shard can hold. Fixed for the life of a journal: they decide refusals. */
export interface Capacities {
  readonly accounts: number;
  readonly pools: number;
  readonly positions: number;
  readonly instruments: number;
  /** Identities remembered to find duplicates (INP-001). */
  readonly identities: number;
  /** Orders that may rest at one time; left out: DEFAULT_HOLDS. */
  readonly holds?: number;
}

export const DEFAULT_HOLDS = 1 << 14;

/** Room for margin regimes. The program store is state of the shard, the rest is scratch that costs nothing until it is used. */
export interface RegimeCapacities {
  readonly programBytes: number;
  /** Results of one evaluation. */
  readonly arenaBytes: number;
  /** Of one book. */
  readonly positions: number;
  readonly orders: number;
  /** What is computed once for an instrument and all accounts. */
  readonly marketBytes: number;
}

export const REGIME_CAPACITIES: RegimeCapacities = {
  programBytes: 4 << 20,
  arenaBytes: 48 << 20,
  positions: 1024,
  orders: 4096,
  marketBytes: 16 << 20,
};

/** The functions that assembly/index.ts exports. */
interface KernelExports {
  layoutVersion(): number;
  configureRegimes(
    programBytes: number,
    arenaBytes: number,
    positions: number,
    orders: number,
    marketBytes: number,
  ): void;
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
  answerAddress(): number;
  tableAddress(table: number): number;
  tableUsed(table: number): number;
  restored(): void;
  /** The two are absent from kernels before 0.2.0. */
  setReplay?(flags: number): void;
  settleMarks?(account: number): void;
  forgetComputed(): void;
  liquidationPrice(position: number): bigint;
  bankruptcyPrice(position: number): bigint;
  checkOrder(
    account: number,
    instrument: number,
    side: number,
    quantity: bigint,
    flags: number,
    price: bigint,
    lagUs: bigint,
    lagBoundUs: bigint,
  ): void;
  reservedOf(pool: number): bigint;
  largestOrder(account: number, instrument: number, side: number, flags: number, price: bigint): bigint;
  cureQuantity(account: number, instrument: number, side: number): bigint;
  liquidationMove(account: number, key: number, up: number): bigint;
  regimeDirectory(): number;
  installProgram(slot: number, bytes: number): number;
  evaluateBook(slot: number, what: number): number;
}

/** The kernel binary does not fit this host. */
export class KernelMismatchError extends Error {
  override readonly name = "KernelMismatchError";
}

const PAGE = 65_536;

/**
 * One instance of the kernel: its memory, the views on it, and its exports. A trap inside it is fatal: the memory may be
 * half written, so the instance is thrown away and built again from the journal.
 */
export class Kernel {
  readonly binary: Uint8Array;
  /** SHA-256 of the binary, hexadecimal: which code computed a stretch of the journal. */
  readonly hash: string;
  readonly capacities: Capacities;
  readonly regimes: RegimeCapacities;
  readonly exports: KernelExports;
  readonly bytes: Uint8Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly i64: BigInt64Array;
  readonly f64: Float64Array;
  /** Addresses of the input slots, the blob and the output slots. */
  readonly inputs: number;
  readonly blob: number;
  readonly outputs: number;
  readonly #answers: BigInt64Array;
  readonly inputCapacity = INPUT_CAPACITY;
  readonly blobCapacity = BLOB_CAPACITY;
  #defersMarks = false;
  #alwaysReplays = 0;

  private constructor(
    binary: Uint8Array,
    hash: string,
    capacities: Capacities,
    regimes: RegimeCapacities,
    exports: KernelExports,
    memory: WebAssembly.Memory,
  ) {
    this.binary = binary;
    this.hash = hash;
    this.capacities = capacities;
    this.regimes = regimes;
    this.exports = exports;
    this.bytes = new Uint8Array(memory.buffer);
    this.u32 = new Uint32Array(memory.buffer);
    this.i32 = new Int32Array(memory.buffer);
    this.i64 = new BigInt64Array(memory.buffer);
    this.f64 = new Float64Array(memory.buffer);
    this.inputs = exports.inputAddress();
    this.blob = exports.blobAddress();
    this.outputs = exports.outputAddress();
    const answer = exports.answerAddress();
    this.#answers = this.i64.subarray(answer / 8, (answer + ANSWER_SIZE) / 8);
  }

  /**
   * Compiles the binary and lays out an empty shard. The memory is made to measure and never grows, so views stay valid.
   * @throws KernelMismatchError when the binary has another record layout than this host
   */
  static create(binary: Uint8Array, capacities: Capacities, regimes: RegimeCapacities = REGIME_CAPACITIES): Kernel {
    return Kernel.#layOut(binary, capacities, regimes, capacities.identities);
  }

  /**
   * The same for a replay that looks no identity up, and that nothing but a replay goes on from: it has no room for them.
   * Most of a shard's memory is theirs. A kernel from before this mode gets the room all the same.
   * @throws KernelMismatchError when the binary has another record layout than this host
   */
  static createForReplay(binary: Uint8Array, capacities: Capacities): Kernel {
    const spared = moduleOf(binary).replays ? 1 : capacities.identities;
    const kernel = Kernel.#layOut(binary, capacities, REGIME_CAPACITIES, spared);
    if (spared !== 1) return kernel;
    kernel.u32[(kernel.exports.tableAddress(TABLE_HEADER) + HEADER_IDENTITY_CAPACITY) >> 2] = capacities.identities;
    kernel.#alwaysReplays = REPLAY_PASSES_IDENTITIES_OVER;
    kernel.replay(0);
    return kernel;
  }

  static #layOut(binary: Uint8Array, capacities: Capacities, regimes: RegimeCapacities, identities: number): Kernel {
    const { module, hash } = moduleOf(binary);
    const { accounts, pools, positions, instruments, holds = DEFAULT_HOLDS } = capacities;
    const probe = instantiate(module, 1).exports;
    if (probe.layoutVersion() !== LAYOUT_VERSION) {
      throw new KernelMismatchError(
        `the kernel has record layout ${probe.layoutVersion()}, this host reads layout ${LAYOUT_VERSION}: build again`,
      );
    }
    const layOut = (exports: KernelExports): number => {
      const { programBytes, arenaBytes, marketBytes } = regimes;
      exports.configureRegimes(programBytes, arenaBytes, regimes.positions, regimes.orders, marketBytes);
      return exports.configure(accounts, pools, positions, instruments, identities, holds) >>> 0;
    };
    const instance = instantiate(module, Math.ceil(layOut(probe) / PAGE) + 1);
    layOut(instance.exports);
    return new Kernel(binary, hash, capacities, regimes, instance.exports, instance.memory);
  }

  /**
   * Says how the host replays from here on: REPLAY_* of layout.ts. No state that is read through this class or a
   * `KernelReader` differs, whatever the mode.
   * @returns false when the kernel knows no such mode: it computes everything at once
   */
  replay(flags: number): boolean {
    if (this.exports.setReplay === undefined) return false;
    this.exports.setReplay(flags | this.#alwaysReplays);
    this.#defersMarks = (flags & REPLAY_DEFERS_MARKS) !== 0;
    return true;
  }

  /** Before an account's figures are read: does what a replay put off for it, or for all. */
  settleMarks(account: number = NONE): void {
    if (this.#defersMarks) this.exports.settleMarks!(account);
  }

  /** The used bytes of a table, as a view: valid until the next `apply`. */
  table(table: number): Uint8Array {
    this.settleMarks();
    const address = this.exports.tableAddress(table);
    return this.bytes.subarray(address, address + (this.exports.tableUsed(table) >>> 0));
  }

  /** SHA-256 over the header and every table but bookkeeping, in the order of their numbers. */
  hashState(): Buffer {
    const hash = createHash("sha256");
    const prefix = Buffer.alloc(8);
    for (let table = 0; table < TABLE_BOOKKEEPING; table++) {
      const used = this.table(table);
      prefix.writeUInt32LE(table, 0);
      prefix.writeUInt32LE(used.length, 4);
      hash.update(prefix).update(used);
    }
    return hash.digest();
  }

  /** Copies of all tables, for a snapshot. */
  copyTables(): Uint8Array[] {
    return Array.from({ length: TABLE_COUNT }, (_, table) => this.table(table).slice());
  }

  /**
   * Puts the tables of a snapshot back, the header first: it says how much of the others is in use. What the kernel held
   * before is gone: rows beyond those of the snapshot are as empty as in a fresh one.
   */
  restoreTables(tables: readonly Uint8Array[]): void {
    const usedBefore = tables.map((_, table) => this.exports.tableUsed(table) >>> 0);
    tables.forEach((bytes, table) => {
      const address = this.exports.tableAddress(table);
      this.bytes.set(bytes, address);
      if (usedBefore[table]! > bytes.length) this.bytes.fill(0, address + bytes.length, address + usedBefore[table]!);
    });
    this.exports.restored();
    this.#defersMarks = false;
  }

  /**
   * Says where the journal stands, after a replay that gave its events other positions.
   * @param heads position of each account's newest event
   */
  putPositions(next: number, heads: Iterable<readonly [account: number, position: number]>): void {
    const bookkeeping = this.exports.tableAddress(TABLE_BOOKKEEPING);
    this.i64[(bookkeeping + BOOKKEEPING_NEXT_POSITION) >> 3] = BigInt(next);
    const table = this.exports.tableAddress(TABLE_ACCOUNT_HEADS);
    for (const [account, position] of heads) this.i64[(table + account * ACCOUNT_HEAD_SIZE) >> 3] = BigInt(position);
  }

  /** Moves the input slots from `first` on to the front, after the kernel has applied those before. */
  keepInputsFrom(first: number, count: number): void {
    if (first === count) return;
    this.bytes.copyWithin(this.inputs, this.inputSlot(first), this.inputSlot(count));
  }

  inputSlot(index: number): number {
    return this.inputs + index * INPUT_SIZE;
  }

  /** The i64s of the answer of an order check: a view, overwritten by the next. */
  answers(): BigInt64Array {
    return this.#answers;
  }
}

interface CompiledKernel {
  readonly module: WebAssembly.Module;
  readonly hash: string;
  /** Whether it has a mode for replays. */
  readonly replays: boolean;
}

/** Kernels compiled last. An instance that is made again from the same module runs the code that was optimised before. */
const compiled = new Map<string, CompiledKernel>();
const MOST_COMPILED = 4;

function moduleOf(binary: Uint8Array): CompiledKernel {
  const hash = createHash("sha256").update(binary).digest("hex");
  const known = compiled.get(hash);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
  const replays = WebAssembly.Module.exports(module).some(({ name }) => name === "setReplay");
  const kernel = { module, hash, replays };
  if (compiled.size === MOST_COMPILED) compiled.delete(compiled.keys().next().value!);
  compiled.set(hash, kernel);
  return kernel;
}

/** Record layout of a kernel that need not fit this host. */
export function layoutVersionOf(binary: Uint8Array): number {
  return instantiate(new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>), 1).exports.layoutVersion();
}

function instantiate(
  module: WebAssembly.Module,
  pages: number,
): { exports: KernelExports; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { exports: instance.exports as unknown as KernelExports, memory };
}
