/**
 * Reads JSON reports of vitest and prints what was skipped and, as the last line, "N passed, N failed, N skipped" over all.
 * A report that is missing or has no test counts as a failure.
 * Usage: node scripts/sum-test-reports.js TITLE=REPORT.json ...
 */
import { readFileSync } from 'node:fs';

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const argument of process.argv.slice(2)) {
  const equals = argument.indexOf('=');
  const title = argument.slice(0, equals);
  let report;
  try {
    report = JSON.parse(readFileSync(argument.slice(equals + 1), 'utf8'));
  } catch (error) {
    console.log(`FAILED: ${title}: no report: ${error.message}`);
    sum.failed++;
    continue;
  }
  const emptyFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + emptyFiles.length + (report.numTotalTests === 0 ? 1 : 0);
  const skipped = report.numPendingTests + report.numTodoTests;
  for (const { name } of emptyFiles) console.log(`FAILED: ${title}: ${name}`);
  for (const { assertionResults } of report.testResults) {
    for (const { status, fullName } of assertionResults) {
      if (status === 'failed') console.log(`FAILED: ${title}: ${fullName}`);
      if (status === 'skipped' || status === 'pending') console.log(`SKIPPED: ${title}: ${fullName}`);
    }
  }
  console.log(`${title}: ${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  sum.passed += report.numPassedTests;
  sum.failed += failed;
  sum.skipped += skipped;
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
