import { Presets, SingleBar } from "cli-progress";

/** A progress bar on a terminal, and nothing where there is none. */
export function progressBar(what: string): { update(done: number, total: number): void; stop(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { update() {}, stop() {} };
  const bar = new SingleBar(
    {
      stream: stderr,
      format: `${what} {bar} {percentage} % | {value} of {total} | {eta_formatted} left`,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update(done, total) {
      if (!started) {
        bar.start(total, done);
        started = true;
      }
      bar.update(Math.min(done, total));
    },
    stop() {
      if (started) bar.stop();
    },
  };
}
