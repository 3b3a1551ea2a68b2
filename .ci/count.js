// Prints how many tests the reports in a folder count as passed, failed and skipped.
const fs = require('node:fs');
const path = require('node:path');

const folder = process.argv[2];
const reports = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith('.xml')) : [];
let passed = 0;
let failed = 0;
let skipped = 0;
for (const report of reports) {
  // The elements of the suites of a JUnit report; their sum has no count of what is skipped.
  for (const [suite] of fs.readFileSync(path.join(folder, report), 'utf8').matchAll(/<testsuite\b[^>]*>/g)) {
    const count = (name) => Number(suite.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
    const failures = count('failures') + count('errors');
    failed += failures;
    skipped += count('skipped');
    passed += count('tests') - failures - count('skipped');
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
