import { expect, test } from "vitest";
import { Pacer } from "../../services/load/pacer.ts";

test("a pacer sleeps as long as it is asked to, again and again, and leaves the thread to others meanwhile", async () => {
  const pacer = new Pacer();
  try {
    let turns = 0;
    const count = setInterval(() => {
      turns += 1;
    }, 1);
    for (const ms of [0, 0.2, 20, 1]) {
      const startMs = performance.now();
      await pacer.sleep(ms);
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(ms);
    }
    clearInterval(count);
    expect(turns).toBeGreaterThan(0);
  } finally {
    await pacer.close();
  }
});

test("a pacer that is closed in its sleep ends", async () => {
  const pacer = new Pacer();
  await pacer.sleep(0);
  void pacer.sleep(60_000);
  await pacer.close();
});
