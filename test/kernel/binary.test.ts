// What the compiled kernel asks of its host and offers to it.

import { expect, test } from "vitest";
import * as codes from "../../assembly/memory/codes.ts";
import { LAYOUT_VERSION } from "../../assembly/memory/layout.ts";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";

const SMALL_REGIMES = { programBytes: 4096, arenaBytes: 0, positions: 16, orders: 16, marketBytes: 0 };
const CAPACITIES = { accounts: 16, pools: 32, positions: 64, instruments: 8, identities: 32, holds: 64 };

test.each(["release", "debug"] as const)("the %s kernel imports its memory and nothing else", (build) => {
  const module = new WebAssembly.Module(kernelBinary(build) as Uint8Array<ArrayBuffer>);
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual([
    "layoutVersion",
    "configureRegimes",
    "configure",
    "apply",
    "appliedInputs",
    "inputAddress",
    "blobAddress",
    "outputAddress",
    "answerAddress",
    "tableAddress",
    "tableUsed",
    "restored",
    "setReplay",
    "settleMarks",
    "forgetComputed",
    "liquidationPrice",
    "bankruptcyPrice",
    "checkOrder",
    "largestOrder",
    "cureQuantity",
    "liquidationMove",
    "reservedOf",
    "regimeDirectory",
    "installProgram",
    "evaluateBook",
  ]);
});

test("refusal codes are the numbers of the proto", () => {
  const { APPLIED, ...refusals } = codes;
  const { UNSPECIFIED, ...reasons } = RefusalReason;
  expect(APPLIED).toBe(UNSPECIFIED);
  expect(refusals).toEqual(reasons);
});

test("the memory is made to measure and stays", () => {
  const kernel = Kernel.create(kernelBinary(), CAPACITIES, SMALL_REGIMES);
  const before = kernel.bytes.buffer;
  kernel.exports.apply(0);
  expect(kernel.bytes.buffer).toBe(before);
  expect(before.byteLength).toBeLessThan(8 * 1024 * 1024);
});

test("another layout is refused with what to do", () => {
  const binary = kernelBinary();
  // The version is a constant of the code: `i32.const 2, end` is the whole body of layoutVersion.
  const at = Buffer.from(binary).indexOf(Buffer.from([0x04, 0x00, 0x41, LAYOUT_VERSION, 0x0b]));
  expect(at).toBeGreaterThan(0);
  const other = Uint8Array.from(binary);
  other[at + 3] = LAYOUT_VERSION + 1;
  expect(() => Kernel.create(other, CAPACITIES)).toThrow(
    `record layout ${LAYOUT_VERSION + 1}, this host reads layout ${LAYOUT_VERSION}: build again`,
  );
});
