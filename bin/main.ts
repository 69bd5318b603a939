import { Command } from "commander";
import { register as registerAccount } from "./commands/account.ts";
import { register as registerAccounts } from "./commands/accounts.ts";
import { register as registerBook } from "./commands/book.ts";
import { register as registerCheck } from "./commands/check.ts";
import { register as registerControl } from "./commands/control.ts";
import { register as registerCounterfactual } from "./commands/counterfactual.ts";
import { register as registerEvaluate } from "./commands/evaluate.ts";
import { register as registerExport } from "./commands/export.ts";
import { register as registerHead } from "./commands/head.ts";
import { register as registerHistory } from "./commands/history.ts";
import { register as registerHold } from "./commands/hold.ts";
import { register as registerKey } from "./commands/key.ts";
import { register as registerLoad } from "./commands/load.ts";
import { register as registerPublish } from "./commands/publish.ts";
import { register as registerReplay } from "./commands/replay.ts";
import { register as registerServe } from "./commands/serve.ts";
import { register as registerSnapshots } from "./commands/snapshots.ts";
import { register as registerTransfer } from "./commands/transfer.ts";
import { register as registerVerify } from "./commands/verify.ts";
import { register as registerWhy } from "./commands/why.ts";
import { ENGINE_VERSION } from "./version.ts";

const program = new Command("plimsoll")
  .description(
    "Plimsoll is a margin and risk engine: fills and prices in, margin and margin calls out, every step on record.\n\n" +
      "Start with `plimsoll serve`: a simulated market trades, margins move, gRPC answers on 127.0.0.1:50051. " +
      "Then, in another terminal, `plimsoll accounts` and `plimsoll account NAME`.",
  )
  .version(ENGINE_VERSION)
  .showHelpAfterError("(add --help to see what is possible)");

registerServe(program);
registerAccount(program);
registerAccounts(program);
registerBook(program);
registerCheck(program);
registerHold(program);
registerTransfer(program);
registerReplay(program);
registerHistory(program);
registerWhy(program);
registerCounterfactual(program);
registerSnapshots(program);
registerControl(program);
registerVerify(program);
registerHead(program);
registerKey(program);
registerEvaluate(program);
registerExport(program);
registerPublish(program);
registerLoad(program);

await program.parseAsync();
