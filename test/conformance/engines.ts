import { evaluateInKernel } from "../../services/evaluate/kernelEvaluation.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { oracleEvaluate } from "../oracle/regime/oracleEvaluate.ts";
import type { Engine } from "./bench.ts";

/** A kernel that margins given books keeps no accounts. */
const NO_SHARD = { accounts: 4, pools: 4, positions: 1, instruments: 1, identities: 1 };

/** The kernel as it was built one way or the other. */
export function kernelEngine(build: "release" | "debug" = "release"): Engine {
  const kernel = Kernel.create(kernelBinary(build), NO_SHARD);
  return (program, book) => evaluateInKernel(kernel, program, book);
}

export const ENGINES: Readonly<Record<"kernel" | "oracle", Engine>> = {
  kernel: kernelEngine(),
  oracle: (program, book) => oracleEvaluate(program, book),
};
