import { createHash } from "node:crypto";
import {
  ACCOUNT_HEAD_SIZE,
  ANSWER_SIZE,
  BLOB_CAPACITY,
  BOOKKEEPING_NEXT_POSITION,
  INPUT_CAPACITY,
  INPUT_SIZE,
  LAYOUT_VERSION,
  TABLE_ACCOUNT_HEADS,
  TABLE_BOOKKEEPING,
  TABLE_COUNT,
} from "../../assembly/layout.ts";

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
  readonly i64: BigInt64Array;
  readonly f64: Float64Array;
  /** Addresses of the input slots, the blob and the output slots. */
  readonly inputs: number;
  readonly blob: number;
  readonly outputs: number;
  readonly #answers: BigInt64Array;
  readonly inputCapacity = INPUT_CAPACITY;
  readonly blobCapacity = BLOB_CAPACITY;

  private constructor(
    binary: Uint8Array,
    capacities: Capacities,
    regimes: RegimeCapacities,
    exports: KernelExports,
    memory: WebAssembly.Memory,
  ) {
    this.binary = binary;
    this.hash = createHash("sha256").update(binary).digest("hex");
    this.capacities = capacities;
    this.regimes = regimes;
    this.exports = exports;
    this.bytes = new Uint8Array(memory.buffer);
    this.u32 = new Uint32Array(memory.buffer);
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
    const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
    const { accounts, pools, positions, instruments, identities, holds = DEFAULT_HOLDS } = capacities;
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
    return new Kernel(binary, capacities, regimes, instance.exports, instance.memory);
  }

  /** The used bytes of a table, as a view: valid until the next `apply`. */
  table(table: number): Uint8Array {
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

  /** Puts the tables of a snapshot back, the header first: it says how much of the others is in use. */
  restoreTables(tables: readonly Uint8Array[]): void {
    tables.forEach((bytes, table) => {
      this.bytes.set(bytes, this.exports.tableAddress(table));
    });
    this.exports.restored();
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

  inputSlot(index: number): number {
    return this.inputs + index * INPUT_SIZE;
  }

  /** The i64s of the answer of an order check. */
  answers(): BigInt64Array {
    return this.#answers;
  }
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
