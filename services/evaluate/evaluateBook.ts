import { kernelBinary } from "../kernel/binary.ts";
import { type Capacities, Kernel } from "../kernel/kernel.ts";
import type { Program } from "../regimes/program.ts";
import type { Evaluation } from "./evaluation.ts";
import { evaluateInKernel } from "./kernelEvaluation.ts";
import { readBook } from "./readBook.ts";

/** A given book, margined: what stands together, and each isolated position by name of its instrument. */
export interface MarginedBook {
  readonly main: Evaluation;
  readonly isolated: ReadonlyMap<string, Evaluation>;
}

/** A kernel that margins given books keeps no accounts. */
const NO_SHARD: Capacities = { accounts: 4, pools: 4, positions: 1, instruments: 1, identities: 1 };

let kernel: Kernel | undefined;

/**
 * Margins a book that is given whole (docs/books.md), by the kernel that margins live accounts.
 * @param book JSON text, or what it parses to
 * @throws BookRefusedError naming the place and what is wrong with it
 */
export function evaluateBook(program: Program, book: unknown): MarginedBook {
  kernel ??= Kernel.create(kernelBinary(), NO_SHARD);
  const own = kernel;
  const { main, isolated } = readBook(book, program);
  return {
    main: evaluateInKernel(own, program, main),
    isolated: new Map([...isolated].map(([name, alone]) => [name, evaluateInKernel(own, program, alone)])),
  };
}
