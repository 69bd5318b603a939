import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The kernel as it was built, beside the code: `build/` of the repository, or of the package. */
export function kernelBinary(build: "release" | "debug" = "release"): Uint8Array {
  const path = join(import.meta.dirname, "../../build", `kernel.${build}.wasm`);
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error("the kernel is not built: run `npm run build` once", { cause: error });
  }
}
