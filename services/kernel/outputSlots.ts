import {
  NONE,
  OUTPUT_ACCOUNT,
  OUTPUT_CODE,
  OUTPUT_CURRENCY,
  OUTPUT_FROM_STATE,
  OUTPUT_INPUT,
  OUTPUT_INSTRUMENT,
  OUTPUT_ISOLATED,
  OUTPUT_KIND,
  OUTPUT_POSITION,
  OUTPUT_PREVIOUS,
  OUTPUT_SIZE,
  OUTPUT_TO_STATE,
  OUTPUT_VALUES,
} from "../../assembly/memory/layout.ts";
import type { Kernel } from "./kernel.ts";

/** Reads the kernel's output slots in place: a cursor, moved from slot to slot. */
export class OutputSlots {
  readonly #kernel: Kernel;
  #slot = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  moveTo(index: number): void {
    this.#slot = this.#kernel.outputs + index * OUTPUT_SIZE;
  }

  get kind(): number {
    return this.#kernel.bytes[this.#slot + OUTPUT_KIND]!;
  }

  /** 0 applied, else a refusal. */
  get code(): number {
    return this.#kernel.bytes[this.#slot + OUTPUT_CODE]!;
  }

  get fromState(): number {
    return this.#kernel.bytes[this.#slot + OUTPUT_FROM_STATE]!;
  }

  get toState(): number {
    return this.#kernel.bytes[this.#slot + OUTPUT_TO_STATE]!;
  }

  /** Which input slot this belongs to. */
  get input(): number {
    return this.#u32(OUTPUT_INPUT);
  }

  get account(): number | undefined {
    return this.#reference(OUTPUT_ACCOUNT);
  }

  get instrument(): number | undefined {
    return this.#reference(OUTPUT_INSTRUMENT);
  }

  get currency(): number {
    return this.#u32(OUTPUT_CURRENCY);
  }

  get isolated(): boolean {
    return this.#u32(OUTPUT_ISOLATED) === 1;
  }

  /** Journal positions stay far below 2^53. */
  get position(): number {
    return Number(this.#kernel.i64[(this.#slot + OUTPUT_POSITION) >> 3]);
  }

  get previous(): number {
    return Number(this.#kernel.i64[(this.#slot + OUTPUT_PREVIOUS) >> 3]);
  }

  value(index: number): bigint {
    return this.#kernel.i64[((this.#slot + OUTPUT_VALUES) >> 3) + index]!;
  }

  #u32(offset: number): number {
    return this.#kernel.u32[(this.#slot + offset) >> 2]!;
  }

  #reference(offset: number): number | undefined {
    const value = this.#u32(offset);
    return value === NONE ? undefined : value;
  }
}
