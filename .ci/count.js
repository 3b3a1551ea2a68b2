// Prints how many tests the reports in a folder count as passed and failed.
const fs = require('node:fs');
const path = require('node:path');

const folder = process.argv[2];
const reports = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith('.xml')) : [];
let passed = 0;
let failed = 0;
for (const report of reports) {
  // The root element of a JUnit report sums up its suites.
  const root = fs.readFileSync(path.join(folder, report), 'utf8').match(/<testsuites\b[^>]*>/)[0];
  const count = (name) => Number(root.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const failures = count('failures') + count('errors');
  failed += failures;
  passed += count('tests') - failures;
}
console.log(`${passed} passed, ${failed} failed`);
