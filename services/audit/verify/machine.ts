import { createHash } from "node:crypto";
import type { ShardOpened } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { doubt } from "./doubt.ts";
import { INPUT, LAYOUTS, type Layout, NONE, OUTPUT } from "./layouts.ts";

type Exports = Record<string, (...numbers: number[]) => number>;
type Value = number | bigint | boolean | undefined;

const BYTES = ["kind", "choice", "liquidity", "flags"] as const;
const REFERENCES = ["account", "instrument", "currency"] as const;
const LONGS = ["time", "identity", "fingerprint", "first", "second", "third", "order"] as const;

/** An input slot's fields; what is not named is zero, a reference that is not named is NONE. */
export type Input = Readonly<
  Partial<Record<(typeof BYTES | typeof REFERENCES | typeof LONGS)[number], Value>> & {
    /** What stands beside the slot, in the blob: one or the other. */
    numbers?: readonly bigint[] | undefined;
    program?: Uint8Array | undefined;
  }
>;

/** One thing that a kernel said: `code` 0 is applied, else the refusal. */
export type Output = ReturnType<typeof outputAt>;

function outputAt(view: DataView, slot: number, size: number) {
  const u8 = (offset: number): number => view.getUint8(slot + offset);
  const u32 = (offset: number): number => view.getUint32(slot + offset, true);
  const reference = (offset: number): number | undefined => (u32(offset) === NONE ? undefined : u32(offset));
  const position = (offset: number): number => Number(view.getBigInt64(slot + offset, true));
  const value = (index: number): bigint => {
    const at = OUTPUT.values + index * 8;
    return at < size ? view.getBigInt64(slot + at, true) : 0n;
  };
  const code = u8(OUTPUT.code);
  // Whose price is too old; of an order that rests its quantity stands there.
  const price = code === 0 ? 0n : value(13);
  return {
    ...{ kind: u8(OUTPUT.kind), code, fromState: u8(OUTPUT.fromState), toState: u8(OUTPUT.toState) },
    ...{ currency: u32(OUTPUT.currency), isolated: u32(OUTPUT.isolated) },
    ...{ account: reference(OUTPUT.account), instrument: reference(OUTPUT.instrument) },
    ...{ position: position(OUTPUT.position), previous: position(OUTPUT.previous) },
    ...{ priceKind: price >> 32n, priceKey: price & 0xffff_ffffn },
    /** Until the next input is applied; 0 for a value that slots of an older layout have no room for. */
    value,
  };
}

/** A kernel binary of the journal at work, driven by the layout of its version. */
export class Machine {
  readonly layoutVersion: number;
  readonly layout: Layout;
  readonly #exports: Exports;
  /** Addresses of the slots and of what stands beside an input. */
  readonly #input: number;
  readonly #blob: number;
  readonly #output: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** @throws VerificationError when its layout is one that this verifier does not know */
  constructor(binary: Uint8Array, shard: ShardOpened) {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    this.layoutVersion = this.#exports["layoutVersion"]!();
    const layout = LAYOUTS.get(this.layoutVersion);
    if (layout === undefined) {
      const hash = createHash("sha256").update(binary).digest("hex");
      const reason = `kernel ${hash} has record layout ${this.layoutVersion}, this verifier knows`;
      throw doubt("kernel", `${reason} ${[...LAYOUTS.keys()].join(", ")}`);
    }
    this.layout = layout;
    const { accountCapacity, poolCapacity, positionCapacity, instrumentCapacity, identityCapacity } = shard;
    // A kernel that knows no orders has no parameter for them, and drops the number.
    const holds = shard.holdCapacity || layout.holds;
    const room = [accountCapacity, poolCapacity, positionCapacity, instrumentCapacity, identityCapacity, holds];
    this.#exports["configureRegimes"]!(...layout.regimeRoom);
    // Without the memory that it needs a kernel says how much that is, and does nothing else.
    memory.grow(Math.ceil((this.#exports["configure"]!(...room) >>> 0) / 65_536));
    this.#exports["configure"]!(...room);
    this.#input = this.#exports["inputAddress"]!();
    this.#blob = this.#exports["blobAddress"]!();
    this.#output = this.#exports["outputAddress"]!();
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  #tableAddress(table: number): number {
    return this.#exports["tableAddress"]!(table);
  }

  /** Applies one input. @returns what became of it, then what followed from it */
  apply(input: Input): Output[] {
    this.#write(input);
    try {
      const said: Output[] = [];
      const written = this.#exports["apply"]!(1);
      if (written === 0) throw new Error("it has no room to answer");
      const size = this.layout.outputSize;
      for (let slot = this.#output; said.length < written; slot += size) said.push(outputAt(this.#view, slot, size));
      return said;
    } catch (error) {
      throw doubt("derivation", `the kernel stops: ${error instanceof Error ? error.message : error}`);
    }
  }

  #write(input: Input): void {
    const view = this.#view;
    const slot = this.#input;
    this.#bytes.fill(0, slot, slot + INPUT.size);
    for (const field of BYTES) view.setUint8(slot + INPUT[field], Number(input[field] ?? 0));
    for (const field of REFERENCES) view.setUint32(slot + INPUT[field], Number(input[field] ?? NONE), true);
    for (const field of LONGS) view.setBigInt64(slot + INPUT[field], BigInt(input[field] ?? 0), true);
    const { numbers = [], program } = input;
    const blob = this.#blob;
    view.setUint32(slot + INPUT.blobCount, program === undefined ? numbers.length : program.length / 8, true);
    numbers.forEach((number, index) => void view.setBigInt64(blob + index * 8, number, true));
    if (program !== undefined) this.#bytes.set(program, blob);
  }

  /** The used bytes of a table, as a view. */
  table(table: number): Uint8Array {
    const address = this.#tableAddress(table);
    return this.#bytes.subarray(address, address + (this.#exports["tableUsed"]!(table) >>> 0));
  }

  *records({ table, size }: { readonly table: number; readonly size: number }): Generator<DataView> {
    const used = this.table(table);
    for (let at = 0; at + size <= used.length; at += size) yield new DataView(used.buffer, used.byteOffset + at, size);
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
