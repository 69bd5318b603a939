import type { PriceErrors } from "./black76.ts";
import type { RegimeCensus, SnapshotCensus } from "./census.ts";
import { STUDIED_REGIMES } from "./regimes.ts";
import type { Study } from "./study.ts";

/** The results as Markdown, which also reads on a terminal. */
export function reportOf({ books, seed, positions, collateralUsd, black76, live }: Study): string {
  const { censuses } = live;
  const worst = worstOf(censuses);
  const changed = censuses.reduce((sum, census) => sum + census.changed, 0);
  const evaluations = censuses.reduce((sum, census) => sum + census.evaluations, 0);
  return [
    `${books} books (seed ${seed}), ${positions} positions in each regime, ${millions(collateralUsd)} million USD of collateral`,
    "",
    `| regime | | healthy | called | liquidating | bankrupt | IM asked, million USD | MM |`,
    `|---|---|---:|---:|---:|---:|---:|---:|`,
    ...STUDIED_REGIMES.flatMap(({ title }, at) => [
      regimeRow(title, `first, ${moment(censuses[0]!)}`, censuses[0]!.regimes[at]!),
      regimeRow("", `worst, ${moment(worst)}`, worst.regimes[at]!),
      regimeRow("", `last, ${moment(censuses.at(-1)!)}`, censuses.at(-1)!.regimes[at]!),
    ]),
    "",
    `| regime | lost books: liquidating before | at once | not by then | liquidating, never lost |`,
    `|---|---:|---:|---:|---:|`,
    ...live.warnings.map(
      ({ before, atOnce, never, notLost }, at) =>
        `| ${STUDIED_REGIMES[at]!.title} | ${before} | ${atOnce} | ${never} | ${notLost} |`,
    ),
    "",
    `| books of one style: IM, million USD; failing at ${moment(worst)} | books | ${titles(" IM")} | ${titles(" failing")} |`,
    `|---|---:|${"---:|".repeat(2 * STUDIED_REGIMES.length)}`,
    ...worst.styles.map(({ style, books: count, failing }) => {
      const asked = censuses[0]!.styles.find((each) => each.style === style)!.initialUsd;
      return `| ${style} | ${count} | ${asked.map((usd) => (usd / 1e6).toFixed(2)).join(" | ")} | ${failing.join(" | ")} |`;
    }),
    "",
    `Books worth less than nothing at ${moment(worst)}: ${worst.underWater}, by ${millions(worst.shortfallUsd)} million USD; ` +
      `at the end: ${censuses.at(-1)!.underWater}, by ${millions(censuses.at(-1)!.shortfallUsd)}.`,
    "",
    `| Black-76 against the published mark, coin | options | median | 90 % | 99 % | largest | within rounding |`,
    `|---|---:|---:|---:|---:|---:|---:|`,
    errorRow("all, at the published forward", black76.all),
    ...Object.entries(black76.byLife).map(([life, errors]) => errorRow(life, errors)),
    errorRow("all, at the forward that call and put imply", black76.atImpliedForwards),
    "",
    `Largest: ${black76.worst.option} at ${black76.worst.snapshot}.`,
    "",
    `${live.inputs} inputs, ${live.events} journalled events, ${live.stateChanges} changes of state on the way, ${changed} ` +
      `from one snapshot to the next, ${evaluations} margins of an account, ` +
      `${live.seconds.toFixed(1)} s by the clock, ${live.cpuSeconds.toFixed(1)} s of processor: per second of processor ` +
      `${Math.round(live.events / live.cpuSeconds)} events and ${Math.round(evaluations / live.cpuSeconds)} margins, journal and all. ` +
      `Refused: ${refusals(live.refusals)}.`,
    `State hash ${live.stateHash}`,
    "",
  ].join("\n");
}

/** The snapshot at which most accounts were liquidating or bankrupt, over all regimes. */
export function worstOf(censuses: readonly SnapshotCensus[]): SnapshotCensus {
  const failing = ({ regimes }: SnapshotCensus): number =>
    regimes.reduce((sum, { liquidating, bankrupt }) => sum + liquidating + bankrupt, 0);
  return censuses.reduce((worst, census) => (failing(census) > failing(worst) ? census : worst));
}

export function progressLine({ time, indexUsd, regimes }: SnapshotCensus): string {
  const states = regimes.map(({ regime, called, liquidating, bankrupt, initialUsd }) => {
    const counts = `${called} called, ${liquidating} liquidating, ${bankrupt} bankrupt`;
    return `${regime}: ${counts}, IM ${millions(initialUsd)} M`;
  });
  return `${time.slice(0, 16)}  BTC ${indexUsd.BTC.toFixed(0)}  ${states.join("  |  ")}`;
}

function regimeRow(title: string, when: string, census: RegimeCensus): string {
  const { healthy, called, liquidating, bankrupt, initialUsd, maintenanceUsd } = census;
  const counts = [healthy, called, liquidating, bankrupt].join(" | ");
  return `| ${title} | ${when} | ${counts} | ${millions(initialUsd)} | ${millions(maintenanceUsd)} |`;
}

function titles(what: string): string {
  return STUDIED_REGIMES.map(({ title }) => title + what).join(" | ");
}

function errorRow(title: string, errors: PriceErrors): string {
  const { options, median, ninetieth, ninetyNinth, largest, withinRounding } = errors;
  const figures = [median, ninetieth, ninetyNinth, largest].map((error) => error.toExponential(1));
  return `| ${title} | ${options} | ${figures.join(" | ")} | ${Math.round(withinRounding * 100)} % |`;
}

function moment({ time }: SnapshotCensus): string {
  return time.slice(5, 16).replace("T", " ");
}

function millions(usd: number): string {
  return (usd / 1e6).toFixed(1);
}

function refusals(byReason: Readonly<Record<number, number>>): string {
  const counts = Object.entries(byReason).map(([reason, count]) => `${count} for reason ${reason}`);
  return counts.length === 0 ? "none" : counts.join(", ");
}
