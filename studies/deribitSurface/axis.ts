/** A linear axis from data to pixels, with round ticks. */
export interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** From 0, or from `lowest`, to a round number not below `highest`. */
export function valueAxis(lowest: number, highest: number, top: number, bottom: number): Axis {
  const step = roundStep((highest - lowest) / 5);
  const first = Math.floor(lowest / step) * step;
  const last = Math.ceil(highest / step) * step;
  const count = Math.round((last - first) / step);
  return {
    ticks: Array.from({ length: count + 1 }, (_, tick) => first + tick * step),
    at: (value) => bottom - ((value - first) / (last - first || 1)) * (bottom - top),
  };
}

/** Milliseconds; a tick at each midnight UTC. */
export function timeAxis(firstMs: number, lastMs: number, left: number, right: number): Axis {
  const day = 86_400_000;
  const ticks: number[] = [];
  for (let tick = Math.ceil(firstMs / day) * day; tick <= lastMs; tick += day) ticks.push(tick);
  return { ticks, at: (value) => left + ((value - firstMs) / (lastMs - firstMs || 1)) * (right - left) };
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least || 1));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
}
