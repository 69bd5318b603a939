import { Command, CommanderError } from "commander";
import { register as registerAccount } from "../../../bin/commands/account.ts";
import { register as registerAccounts } from "../../../bin/commands/accounts.ts";
import { register as registerCheck } from "../../../bin/commands/check.ts";
import { register as registerControl } from "../../../bin/commands/control.ts";
import { register as registerTransfer } from "../../../bin/commands/transfer.ts";

interface Ran {
  readonly out: string;
  readonly error: string;
  readonly exitCode: number;
}

/** Runs `plimsoll` with these words against a gateway, within this process. @param port 0: none is named */
export async function run(port: number, words: readonly string[], colour = false): Promise<Ran> {
  let out = "";
  let error = "";
  const program = new Command("plimsoll").exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      error += text;
    },
    getOutHasColors: () => colour,
  });
  for (const register of [registerAccount, registerAccounts, registerCheck, registerControl, registerTransfer]) {
    register(program);
  }
  const portWords = port === 0 ? [] : ["--port", `${port}`];
  try {
    await program.parseAsync([...words, ...portWords], { from: "user" });
    return { out, error, exitCode: Number(process.exitCode ?? 0) };
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) {
      throw thrown;
    }
    return { out, error, exitCode: thrown.exitCode };
  } finally {
    // A refusal is told in the exit code, which would be that of the test run.
    process.exitCode = undefined;
  }
}
