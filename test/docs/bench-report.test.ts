import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { reportOf } from '../../bench/report';

const BENCH = path.join(__dirname, '..', '..', 'bench');
const read = (file: string) => readFileSync(path.join(BENCH, file), 'utf8');

test.each([...reportOf(JSON.parse(read('results.json')))])('bench/%s is what results.json gives: npm run bench:report writes it', (file, content) => {
  expect(read(file)).toBe(content);
});
