// A small chain that nobody published: two coins, a perpetual, a future and three expiries each, calls and puts marked by the
// oracle's Black-76 at one volatility, at a few moments.

import { snapshotsOf } from "../../studies/deribitSurface/readSnapshots.ts";
import { COINS, type Coin, type Snapshot } from "../../studies/deribitSurface/snapshot.ts";
import { tableOf } from "../../studies/deribitSurface/table.ts";
import { black } from "../oracle/regime/black.ts";

export interface Moment {
  readonly time: string;
  readonly prices: Readonly<Record<Coin, number>>;
}

/** The second moment lies after the first expiry; the third brings a crash. */
export const MOMENTS: readonly Moment[] = [
  { time: "2026-01-29T04:22:27.228973Z", prices: { BTC: 88_000, ETH: 2_900 } },
  { time: "2026-01-31T09:21:02.043404Z", prices: { BTC: 83_000, ETH: 2_600 } },
  { time: "2026-02-05T21:29:37.885165Z", prices: { BTC: 63_000, ETH: 1_850 } },
];

const EXPIRIES = [
  { name: "31JAN26", time: "2026-01-31T08:00Z" },
  { name: "27FEB26", time: "2026-02-27T08:00Z" },
  { name: "27MAR26", time: "2026-03-27T08:00Z" },
];
const STRIKES = [0.6, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.2, 1.3, 1.5];
const FIRST: Readonly<Record<Coin, number>> = { BTC: 88_000, ETH: 2_900 };
const VOLATILITY = 0.6;

export interface ChainText {
  readonly options: string;
  readonly futures: string;
  readonly perpetuals: string;
}

export function chainText(moments: readonly Moment[]): ChainText {
  const options = [
    "snapshot_id,ts_utc,currency,instrument,type,strike,expiry_utc,mark,mark_iv,delta,underlying_price,index_price",
  ];
  const futures = ["snapshot_id,ts_utc,currency,instrument,snapshot_term_mark_price"];
  const perpetuals = ["snapshot_id,ts_utc,currency,instrument,candle_price_used"];
  moments.forEach(({ time, prices }, at) => {
    for (const coin of COINS) {
      const forward = prices[coin] * 1.002;
      perpetuals.push(`run-${at},${time},${coin},${coin}-PERPETUAL,${prices[coin]}`);
      for (const expiry of EXPIRIES.filter((each) => Date.parse(each.time) > Date.parse(time))) {
        const years = (Date.parse(expiry.time) - Date.parse(time)) / 31_536_000_000;
        if (expiry.name !== "27MAR26") {
          futures.push(`run-${at},${time},${coin},${coin}-${expiry.name},${forward.toFixed(2)}`);
        }
        for (const strike of STRIKES.map((share) => Math.round((FIRST[coin] * share) / 50) * 50)) {
          for (const type of ["C", "P"]) {
            const contract = { call: type === "C", forward, strike, volatility: VOLATILITY, years, discount: 1 };
            const mark = black("black_price", contract, (value) => value) / forward;
            const delta = black("black_delta", contract, (value) => value);
            const row = [
              `run-${at}`,
              time,
              coin,
              `${coin}-${expiry.name}-${strike}-${type}`,
              type,
              strike,
              expiry.time,
            ];
            options.push([...row, mark.toFixed(8), VOLATILITY, delta.toFixed(5), forward, prices[coin]].join(","));
          }
        }
      }
    }
  });
  return { options: options.join("\n"), futures: futures.join("\n"), perpetuals: perpetuals.join("\n") };
}

export function snapshotsOfText({ options, futures, perpetuals }: ChainText): readonly Snapshot[] {
  return snapshotsOf({
    options: tableOf(options, "options", []),
    futures: tableOf(futures, "futures", []),
    perpetuals: tableOf(perpetuals, "perpetuals", []),
  });
}

export const madeUpSnapshots = (): readonly Snapshot[] => snapshotsOfText(chainText(MOMENTS));
