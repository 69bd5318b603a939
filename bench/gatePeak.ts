import type { GateLoad } from "../services/load/gateLoad.ts";
import type { GateEngine } from "./gateEngine.ts";

const RAMP_SECONDS = 0.7;
/** The next rate of a ramp; it ends when goodput has not risen by a twentieth for two steps. */
const RAMP = { factor: 1.5, rise: 1.05, patience: 2 } as const;

/** The rate, in messages a second, with the highest goodput, in answers a second. */
export async function peakOf(
  engine: GateEngine,
  load: GateLoad,
  { firstRate, questions }: { readonly firstRate: number; readonly questions: number },
): Promise<{ rate: number; goodput: number }> {
  let peak = { rate: firstRate, goodput: 0 };
  let sinceRise = 0;
  for (let rate = firstRate; sinceRise < RAMP.patience; rate *= RAMP.factor) {
    const { goodputPerSecond } = await engine.openLoop(load, rate, RAMP_SECONDS, 1);
    const goodput = goodputPerSecond * questions;
    sinceRise = goodput > RAMP.rise * peak.goodput ? 0 : sinceRise + 1;
    if (goodput > peak.goodput) peak = { rate, goodput };
  }
  return peak;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
