import {
  ACCOUNT_SIZE,
  ACCOUNT_STOPPED_BY,
  ACCOUNT_SWITCHES,
  ENTRY_OVERRIDE,
  ENTRY_SWITCHES,
  HEADER_ACCOUNTS,
  HEADER_INSTRUMENTS,
  HEADER_LIMITS,
  HEADER_SWITCHES,
  INSTRUMENT_CONTROLS,
  INSTRUMENT_CONTROLS_SWITCHES,
  INSTRUMENT_SIZE,
  LIMIT_ACCOUNT,
  LIMIT_CURRENCY,
  LIMIT_ENTRY,
  LIMIT_IN_FORCE,
  LIMIT_INSTRUMENT,
  LIMIT_SECOND,
  LIMIT_SIZE,
  LIMIT_VALUE,
  NONE,
  TABLE_ACCOUNTS,
  TABLE_HEADER,
  TABLE_INSTRUMENTS,
  TABLE_LIMITS,
} from "../../assembly/memory/layout.ts";
import type { Kernel } from "./kernel.ts";
import type { ControlScope, ControlsView, LimitView, OverrideView, SwitchesView } from "./views.ts";

/** The controls that are set, copied out: switches from the widest scope to the narrowest, limits as they were first set. */
export function readControls({ bytes, u32, i64, exports }: Kernel): ControlsView {
  const header = exports.tableAddress(TABLE_HEADER);
  const accounts = exports.tableAddress(TABLE_ACCOUNTS);
  const instruments = exports.tableAddress(TABLE_INSTRUMENTS);
  const rows = exports.tableAddress(TABLE_LIMITS);
  const limits: LimitView[] = [];
  const switches: SwitchesView[] = [];
  const overrides: OverrideView[] = [];
  const stopped: { account: number; control: number }[] = [];

  const addSwitches = (on: number, scope: ControlScope): void => {
    if (on !== 0) switches.push({ ...scope, switches: on });
  };
  addSwitches(bytes[header + HEADER_SWITCHES]!, { account: undefined, instrument: undefined });
  for (let account = 0; account < u32[(header + HEADER_ACCOUNTS) >> 2]!; account++) {
    const record = accounts + account * ACCOUNT_SIZE;
    addSwitches(bytes[record + ACCOUNT_SWITCHES]!, { account, instrument: undefined });
    const control = bytes[record + ACCOUNT_STOPPED_BY]!;
    if (control !== 0) stopped.push({ account, control });
  }
  for (let instrument = 0; instrument < u32[(header + HEADER_INSTRUMENTS) >> 2]!; instrument++) {
    const upper = bytes[instruments + instrument * INSTRUMENT_SIZE + INSTRUMENT_CONTROLS + 1]!;
    addSwitches(upper >> (INSTRUMENT_CONTROLS_SWITCHES - 8), { account: undefined, instrument });
  }

  const reference = (address: number): number | undefined => {
    const number = u32[address >> 2]!;
    return number === NONE ? undefined : number;
  };
  for (let row = 0; row < u32[(header + HEADER_LIMITS) >> 2]!; row++) {
    const record = rows + row * LIMIT_SIZE;
    if (bytes[record + LIMIT_IN_FORCE] === 0) continue;
    const entry = bytes[record + LIMIT_ENTRY]!;
    const scope = { account: reference(record + LIMIT_ACCOUNT), instrument: reference(record + LIMIT_INSTRUMENT) };
    const value = i64[(record + LIMIT_VALUE) >> 3]!;
    if (entry === ENTRY_SWITCHES) addSwitches(Number(value), scope);
    else if ((entry & ENTRY_OVERRIDE) !== 0) {
      overrides.push({ ...scope, control: entry & ~ENTRY_OVERRIDE, expiryUs: value });
    } else {
      const burst = i64[(record + LIMIT_SECOND) >> 3]!;
      limits.push({ ...scope, control: entry, currency: reference(record + LIMIT_CURRENCY), value, burst });
    }
  }
  return { limits, switches, overrides, stopped };
}
