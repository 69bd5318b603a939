// Closing line of CI, from the test runner's own JSON report. Exits 1 when a test failed or none ran.

import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly success: boolean;
}

const path = process.argv[2] ?? "test-results/vitest.json";
let report: Report;
try {
  report = JSON.parse(readFileSync(path, "utf8")) as Report;
} catch (error) {
  process.stderr.write(`no test report at ${path}: ${error instanceof Error ? error.message : error}\n`);
  process.stdout.write("0 passed, 1 failed, 0 skipped\n");
  process.exit(1);
}
const skipped = report.numPendingTests + report.numTodoTests;
const failed = Math.max(report.numFailedTests, report.success ? 0 : 1);
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
process.exit(failed > 0 || report.numPassedTests === 0 ? 1 : 0);
