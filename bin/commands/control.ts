import { randomUUID } from "node:crypto";
import { Argument, type Command } from "commander";
import type {
  ControlOrigin,
  ControlScope,
  ListControlsResponse,
  SetLimitResponse,
} from "../../generated/proto/plimsoll/v1/control_service.ts";
import { Control, Switch } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { GatewayClient } from "../../services/gateway/client.ts";
import { wholeNumber } from "../wholeNumber.ts";
import { ask, coloured, print, printJson, type RemoteOptions, remote } from "./remote.ts";
import { asOfLine } from "./statement.ts";
import { type Column, table } from "./table.ts";

/** `price-collar` for PRICE_COLLAR. */
function spelt<Value extends number>(constants: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  const given = Object.entries(constants).filter(([, value]) => value !== 0);
  return new Map(given.map(([name, value]) => [name.toLowerCase().replaceAll("_", "-"), value]));
}

const CONTROLS = spelt<Control>(Control);
const SWITCHES = spelt<Switch>(Switch);

function nameOf<Value>(names: ReadonlyMap<string, Value>, value: Value): string {
  return [...names].find(([, known]) => known === value)?.[0] ?? String(value);
}

interface ControlOptions extends RemoteOptions {
  readonly account?: string;
  readonly instrument?: string;
  readonly currency?: string;
  readonly by: string;
  readonly reason: string;
  readonly requestId?: string;
  readonly burst?: string;
  readonly approvedBy: string;
  readonly minutes: number;
}

const CONTROLS_HELP = `
Controls, and what their value counts (docs/controls.md has the rules and worked numbers):
  price-collar      CTL-006  furthest distance of a limit price from the mark, as a fraction: 0.05
  order-quantity    CTL-007  largest order; whole contracts unless --instrument is given
  order-notional    CTL-008  largest order in money of the settlement currency; --currency unless --instrument is given
  message-rate      CTL-009  requests a second, --burst at once
  position          CTL-010  largest position of one account, long or short; needs --instrument
  open-orders       CTL-011  orders of one account that rest
  open-quantity     CTL-011  their quantity on one side; needs --instrument
  open-notional     CTL-011  their notional; needs --instrument
  credit            CTL-012  gross notional of one account; needs --currency
  concentration     CTL-013  share of one account in what is open, as a fraction; --burst contracts are free
  execution-rate    CTL-014  executions a second, --burst at once; beyond, the account is stopped
  order-executions  CTL-014  executions of one order in a row; beyond, the account is stopped`;

const SCOPE_HELP =
  "The scope is --account, --instrument, both (the one in the other), or neither (the venue). All limits that concern " +
  "an order hold together.";

export function register(program: Command): void {
  const group = program
    .command("control")
    .summary("limits, switches and overrides before the trade")
    .description(
      "Sets and lists the controls that every order meets before its margin is looked at. A setting takes effect at " +
        "once, is answered when it is on disk, and stands in the journal with who set it and why.",
    );
  registerSetLimit(group);
  registerSwitch(group);
  registerOverride(group);
  registerList(group);
}

function scoped(command: Command): Command {
  return command
    .option("--account <name>", "for this account")
    .option("--instrument <name>", "in this instrument")
    .option("--currency <name>", "of a sum of money over instruments: counted in this settlement currency")
    .requiredOption("--by <name>", "who sets it")
    .requiredOption("--reason <text>", "why: kept in the journal")
    .option("--request-id <id>", "your own id of this setting (default: a random one, which is printed)");
}

function registerSetLimit(group: Command): void {
  const command = scoped(group.command("set-limit"))
    .summary("set or lift a limit")
    .description(`Sets a limit, or lifts it with the value \`none\`. ${SCOPE_HELP}`)
    .addArgument(new Argument("<control>", "which limit").choices([...CONTROLS.keys()]))
    .argument("<value>", "a plain decimal in the control's units, or none")
    .option("--burst <value>", "second number of a rate, and of the concentration")
    .action(async (control: string, value: string, options: ControlOptions) => {
      await setting(command, options, `${control} ${value}`, (client, origin, scope) =>
        client.setLimit({
          origin,
          scope,
          control: CONTROLS.get(control)!,
          value: value === "none" ? undefined : value,
          burst: options.burst,
        }),
      );
    });
  remote(
    command,
    "  plimsoll control set-limit price-collar 0.05 --instrument BTC-PERP --by ann --reason 'fat fingers'\n" +
      "  plimsoll control set-limit credit 2500000 --account acme --currency USDT --by ann --reason 'credit committee'\n" +
      "  plimsoll control set-limit execution-rate 50 --burst 200 --account acme --by ann --reason onboarding\n" +
      "  plimsoll control set-limit price-collar none --instrument BTC-PERP --by ann --reason 'auction over'",
  ).addHelpText("after", CONTROLS_HELP);
}

function registerSwitch(group: Command): void {
  const command = scoped(group.command("switch"))
    .summary("kill, halt, reduce-only, not-permitted: on or off")
    .description(
      "Turns a switch. kill: nothing is accepted (CTL-001). halt: nothing in the venue or the instrument, only " +
        "reductions of an account (CTL-002). not-permitted: the account may only reduce what it has in the instrument " +
        "(CTL-002). reduce-only: only what reduces (CTL-004).\n\n" +
        SCOPE_HELP,
    )
    .addArgument(new Argument("<switch>", "which one").choices([...SWITCHES.keys()]))
    .addArgument(new Argument("<state>", "on or off").choices(["on", "off"]))
    .action(async (which: string, state: string, options: ControlOptions) => {
      await setting(command, options, `${which} ${state}`, (client, origin, scope) =>
        client.setSwitch({ origin, scope, switch: SWITCHES.get(which)!, on: state === "on" }),
      );
    });
  remote(
    command,
    "  plimsoll control switch kill on --by ann --reason 'runaway algorithm'      the whole venue\n" +
      "  plimsoll control switch halt on --instrument BTC-PERP --by ann --reason 'index outage'\n" +
      "  plimsoll control switch not-permitted on --account acme --instrument BTC-PERP --by ann --reason licence",
  );
}

function registerOverride(group: Command): void {
  const command = scoped(group.command("override"))
    .summary("lift a control for a while; two people")
    .description(
      "Lifts one control for an account, an instrument, or one in the other, for so many minutes of the market's own " +
        "time (CTL-016). Two different people must stand behind it. Of execution-rate and order-executions it also lets " +
        "a stopped account go on (CTL-014). --minutes 0 ends an override at once.",
    )
    .addArgument(new Argument("<control>", "which limit").choices([...CONTROLS.keys()]))
    .requiredOption("--approved-by <name>", "the second person")
    .option("--minutes <n>", "how long it lasts, at most a day", wholeNumber(0, 1_440), 15)
    .action(async (control: string, options: ControlOptions) => {
      await setting(command, options, `override of ${control}`, async (client, origin, scope) => {
        // Time is the market's: a recorded day has minutes of its own.
        const { asOf } = await client.listControls();
        const expiryTimeUs = options.minutes === 0 ? 0n : asOf!.eventTimeUs + BigInt(options.minutes) * 60_000_000n;
        return client.setOverride({
          origin,
          scope,
          control: CONTROLS.get(control)!,
          approvedBy: options.approvedBy,
          expiryTimeUs,
        });
      });
    });
  remote(
    command,
    "  plimsoll control override position --account acme --instrument BTC-PERP --minutes 30 \\\n" +
      "      --by ann --approved-by bea --reason 'delivery roll'",
  );
}

function registerList(group: Command): void {
  const command = group
    .command("list")
    .summary("everything that is set")
    .description("Limits, switches, overrides in force, and accounts that were stopped for repeated executions.")
    .action(async (options: RemoteOptions) => {
      await ask(command, options, async (client) => {
        const answer = await client.listControls();
        if (options.json) printJson(command, answer);
        else print(command, listLines(command, answer));
      });
    });
  remote(command, "  plimsoll control list");
}

async function setting(
  command: Command,
  options: ControlOptions,
  what: string,
  send: (client: GatewayClient, origin: ControlOrigin, scope: ControlScope) => Promise<SetLimitResponse>,
): Promise<void> {
  const requestId = options.requestId ?? randomUUID();
  const { account = "", instrument = "", currency = "", by, reason } = options;
  const advice = `Whether it was set is unknown. Repeat it with --request-id ${requestId}: it is applied once.`;
  const question = async (client: GatewayClient) => {
    const answer = await send(client, { requestId, by, reason }, { account, instrument, currency });
    if (options.json) {
      printJson(command, { requestId, ...answer });
      return;
    }
    const outcome = answer.duplicate
      ? `Request ${requestId} had been applied before; nothing happened now.`
      : `Set ${what} for ${scopeText({ account, instrument, currency })} (request ${requestId}).`;
    print(command, [outcome, asOfLine(answer.asOf!)]);
  };
  await ask(command, options, question, advice);
}

function scopeText({ account, instrument, currency }: ControlScope): string {
  const who = account === "" ? "all accounts" : account;
  const where = instrument === "" ? who : `${who} in ${instrument}`;
  return `${where}${currency === "" ? "" : `, counted in ${currency}`}`;
}

const COLUMNS: readonly Column[] = [
  { title: "", align: "left" },
  { title: "control", align: "left" },
  { title: "for", align: "left" },
  { title: "value", align: "right" },
  { title: "burst", align: "right" },
];

function listLines(command: Command, { asOf, limits, switches, overrides, stopped }: ListControlsResponse): string[] {
  const rows = [
    ...switches.map((at) => ["switch", nameOf(SWITCHES, at.switch), scopeText(at.scope!), "on", ""]),
    ...stopped.map((at) => ["stopped by", nameOf(CONTROLS, at.control), at.account, "", ""]),
    ...limits.map((at) => ["limit", nameOf(CONTROLS, at.control), scopeText(at.scope!), at.value, at.burst]),
    ...overrides.map((at) => {
      const until = `until ${new Date(Number(at.expiryTimeUs / 1_000n)).toISOString()}`;
      return ["override", nameOf(CONTROLS, at.control), scopeText(at.scope!), until, ""];
    }),
  ];
  return [...(rows.length === 0 ? ["Nothing is set."] : table(COLUMNS, rows, coloured(command))), asOfLine(asOf!)];
}
