import { describe, expect, test } from "vitest";
import { run } from "./runCommand.ts";

describe("help", () => {
  test.each(["account", "accounts", "check-order", "deposit", "withdraw"])(
    "of %s has examples and exit codes",
    async (name) => {
      const { out, exitCode } = await run(0, [name, "--help"]);

      expect(exitCode).toBe(0);
      expect(out).toContain(`Examples:\n  plimsoll ${name} `);
      expect(out).toContain("Exit codes:");
      expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    },
  );
});
