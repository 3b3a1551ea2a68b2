/** npm run compat: fails if an upgrade from the last release would change existing stacks, and CHANGES.md does not accept that. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { compareWithRelease } from './changes';

const git = (...args: string[]) => execFileSync('git', args, { cwd: __dirname, encoding: 'utf8', maxBuffer: 2 ** 26 });
const [tag] = git('tag', '--list', 'v*', '--sort=-version:refname', '--merged').split('\n');
if (!tag) {
  console.log('This clone has no tag of a release: there is no wire format to compare with.');
} else {
  const [released, now] = [(name: string) => git('show', `${tag}:./${name}`), (name: string) => readFileSync(path.join(__dirname, name), 'utf8')]
    .map((read) => ({ frozen: JSON.parse(read('frozen.json')), page: read('CHANGES.md') }));
  const { isAccepted, report } = compareWithRelease(released, now);
  console.log(`The wire format since ${tag}:\n${report}`);
  process.exitCode = isAccepted ? 0 : 1;
}
