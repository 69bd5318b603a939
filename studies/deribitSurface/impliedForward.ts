import type { OptionQuote, Snapshot } from "./snapshot.ts";

/**
 * The chains with the forwards that the marks themselves imply: in coin a call less a put of one strike is 1 - strike / forward, at
 * any volatility. The files take forwards and marks from answers that are not quite of one moment. An option without its
 * counterpart is left out.
 */
export function atImpliedForwards(snapshot: Snapshot): Snapshot {
  const byName = new Map(snapshot.options.map((option) => [option.name, option]));
  const options = snapshot.options.flatMap((option) => {
    const other = byName.get(counterpart(option));
    if (other === undefined) return [];
    const [call, put] = option.call ? [option, other] : [other, option];
    const ratio = 1 - Number(call.markE8 - put.markE8) / 1e8;
    return [{ ...option, forwardE8: BigInt(Math.round((Number(option.strike) / ratio) * 1e8)) }];
  });
  return { ...snapshot, options };
}

/** BTC-27MAR26-70000-C and BTC-27MAR26-70000-P. */
function counterpart({ name, call }: OptionQuote): string {
  return name.slice(0, -1) + (call ? "P" : "C");
}
