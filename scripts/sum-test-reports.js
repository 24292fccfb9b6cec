/**
 * Reads JSON reports of vitest and prints what was skipped and, as the last line, "N passed, N failed, N skipped" over all.
 * A report that is missing or has no test counts as a failure, and so does an exit code that no failed test explains: of
 * an error outside of the tests, or of too little coverage.
 * Usage: node scripts/sum-test-reports.js TITLE=REPORT.json=EXIT_CODE ...
 */
import { readFileSync } from 'node:fs';

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const argument of process.argv.slice(2)) {
  const [title, path, exitCode] = argument.split('=');
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.log(`FAILED: ${title}: no report: ${error.message}`);
    sum.failed++;
    continue;
  }
  const emptyFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  let failed = report.numFailedTests + emptyFiles.length + (report.numTotalTests === 0 ? 1 : 0);
  if (failed === 0 && exitCode !== '0') {
    console.log(`FAILED: ${title}: vitest ended with exit code ${exitCode}; the reason is in its output`);
    failed++;
  }
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
