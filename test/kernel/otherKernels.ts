// Kernels that are not the one that was built: the same code with single bytes of it changed.

import { layoutVersionOf } from "../../services/kernel/kernel.ts";

/** `layoutVersion` of the kernel: one function without locals that gives a constant. */
function layoutVersionBody(version: number): Uint8Array {
  return new Uint8Array([4, 0, 0x41, version, 0x0b]);
}

/** The same kernel, which says that its records have another shape. @param version below 64 */
export function kernelOfLayout(binary: Uint8Array, version: number): Uint8Array {
  const before = layoutVersionOf(binary);
  const other = withBytes(binary, layoutVersionBody(before), layoutVersionBody(version), () => true);
  if (layoutVersionOf(other) !== version) throw new Error("the kernel's layoutVersion was not found");
  return other;
}

/** A divisor of all rates, 10^9, as the wasm code pushes it. */
const BILLION = [0x42, 0x80, 0x94, 0xeb, 0xdc, 0x03];
/** 5 x 10^8. */
const HALF_A_BILLION = [0x42, 0x80, 0xca, 0xb5, 0xee, 0x01];

/** The same kernel with other rules: the first change of a 10^9 somewhere in it that `differs` notices. */
export function kernelOfOtherRules(binary: Uint8Array, differs: (other: Uint8Array) => boolean): Uint8Array {
  return withBytes(binary, BILLION, HALF_A_BILLION, differs);
}

function withBytes(
  binary: Uint8Array,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
  accept: (other: Uint8Array) => boolean,
): Uint8Array {
  const bytes = Buffer.from(binary);
  for (let at = bytes.indexOf(Uint8Array.from(from)); at >= 0; at = bytes.indexOf(Uint8Array.from(from), at + 1)) {
    const other = Uint8Array.from(binary);
    other.set(Array.from(to), at);
    if (WebAssembly.validate(other) && accept(other)) return other;
  }
  throw new Error("no place in the kernel can be changed like this");
}
