import { createPublicKey } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import type { Command } from "commander";
import { createKey, keyIdOf } from "../../services/audit/head.ts";
import { fail } from "../failure.ts";

export function register(program: Command): void {
  program
    .command("key")
    .summary("keys that sign exported heads")
    .command("create")
    .summary("make an Ed25519 key pair")
    .description(
      "Writes the private key (PKCS #8, PEM, readable by its owner alone) and, beside it, the public key that others " +
        "check with. An existing file is never overwritten. docs/operating.md says where keys belong.",
    )
    .requiredOption("--out <file>", "the private key; the public one is FILE without .pem, and .pub.pem")
    .addHelpText("after", "\nExample:\n  plimsoll key create --out ~/.config/plimsoll/journal.pem")
    .action(({ out }: { out: string }) => {
      try {
        const { privateKey, publicKey } = createKey();
        const publicPath = `${out.replace(/\.pem$/, "")}.pub.pem`;
        writeNew(out, privateKey, 0o600);
        writeNew(publicPath, publicKey, 0o644);
        process.stdout.write(`${out}\n${publicPath}\nkey ${keyIdOf(createPublicKey(publicKey))}\n`);
      } catch (error) {
        fail(error);
      }
    });
}

/** @throws when the file is there already */
function writeNew(path: string, text: string, mode: number): void {
  const file = openSync(path, "wx", mode);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}
