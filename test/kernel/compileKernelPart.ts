import { readFileSync } from "node:fs";
import { join } from "node:path";
import { main as compile } from "assemblyscript/asc";

const root = join(import.meta.dirname, "../..");
const SOURCE = "assembly/regime/entry.ts";

/** Compiles what an entry beside the files of assembly/regime exports, with the options of the release build. */
export async function compileKernelPart<Exports>(
  entry: string,
): Promise<Exports & { readonly memory: WebAssembly.Memory }> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await compile(
    [
      SOURCE,
      "--outFile",
      "part.wasm",
      "--runtime",
      "stub",
      "--optimizeLevel",
      "3",
      "--noAssert",
      "--enable",
      "simd",
      "--use",
      "abort=",
    ],
    {
      readFile: (name, folder) => {
        if (name === SOURCE) return entry;
        // The kernel's own settings would import a memory.
        if (name === "asconfig.json") return null;
        try {
          return readFileSync(join(folder === "." ? root : folder, name), "utf8");
        } catch {
          return null;
        }
      },
      writeFile: (_, contents) => {
        binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error !== null) throw new Error(stderr.toString());
  const { instance } = await WebAssembly.instantiate(binary as Uint8Array<ArrayBuffer>, {});
  return instance.exports as unknown as Exports & { readonly memory: WebAssembly.Memory };
}
