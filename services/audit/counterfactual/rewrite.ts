import { MarginMode } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import type { PlacedInput } from "../../engine/engineInput.ts";

/** Which accounts are margined otherwise, and how. */
export interface Assignment {
  /** Counted and summed up are these alone. Undefined: all. */
  readonly accounts: { has(name: string): boolean } | undefined;
  /**
   * `isolated` and `cross` are modes of the margin tables; `tables` leaves those as they were and takes accounts out of
   * portfolios; a regime margins the accounts as portfolios.
   */
  readonly to: "isolated" | "cross" | "tables" | { readonly regime: string };
  /** Underlyings of instruments whose recorded listings name none, and whose regime asks for one. */
  readonly underlyings?: ReadonlyMap<string, string>;
}

/**
 * What would have been said, had the accounts been assigned from their opening on. Fills, prices and transfers stay as they
 * were: a pure function of one input.
 * @returns undefined for a choice of mode that the assignment takes away
 */
export function rewriteInput(placed: PlacedInput, assignment: Assignment): PlacedInput | undefined {
  const { input } = placed;
  if (input.kind === "market") return withUnderlying(placed, assignment);
  if (input.kind !== "account") return placed;
  const { command, account } = input.command;
  if (assignment.accounts !== undefined && !assignment.accounts.has(account)) return placed;
  if (command?.$case === "openAccount") {
    const value = openingOf(assignment.to, command.value.marginMode, command.value.regime);
    return {
      ...placed,
      input: { kind: "account", command: { ...input.command, command: { $case: "openAccount", value } } },
    };
  }
  if (command?.$case !== "setMarginMode") return placed;
  if (assignment.to !== "tables") return undefined;
  return command.value.marginMode === MarginMode.PORTFOLIO ? undefined : placed;
}

function withUnderlying(placed: PlacedInput, { underlyings }: Assignment): PlacedInput {
  if (placed.input.kind !== "market" || placed.input.event.event?.$case !== "listing") return placed;
  const { event } = placed.input;
  const underlying = underlyings?.get(event.instrument);
  if (underlying === undefined || event.event?.$case !== "listing") return placed;
  const listing = { ...event.event.value, underlying };
  return { ...placed, input: { kind: "market", event: { ...event, event: { $case: "listing", value: listing } } } };
}

function openingOf(to: Assignment["to"], recorded: MarginMode, regime: string | undefined) {
  if (typeof to !== "string") return { marginMode: MarginMode.PORTFOLIO, regime: to.regime };
  if (to === "isolated") return { marginMode: MarginMode.ISOLATED, regime: undefined };
  if (to === "cross") return { marginMode: MarginMode.CROSS, regime: undefined };
  return recorded === MarginMode.PORTFOLIO
    ? { marginMode: MarginMode.CROSS, regime: undefined }
    : { marginMode: recorded, regime };
}
