/** npm run accept:wire-format: writes the golden files, and prints what users would see. A person writes the reason. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { describeChanges, digestOf, lastAccepted } from './changes';
import { format, renderCases } from './render';

const file = (name: string) => path.join(__dirname, name);
const { frozen, reviewed } = renderCases();
const changes = describeChanges(JSON.parse(readFileSync(file('frozen.json'), 'utf8')), frozen);
for (const [name, part] of Object.entries({ 'frozen.json': frozen, 'reviewed.json': reviewed })) {
  writeFileSync(file(name), `${format(part)}\n`);
}

console.log(changes || 'The frozen part has not changed.');
if (lastAccepted(readFileSync(file('CHANGES.md'), 'utf8'))?.digest !== digestOf(frozen)) {
  console.log(`\nAdd this line to the end of test/construct/wire-format/CHANGES.md, with the reason in one sentence:\n- \`${digestOf(frozen)}\` `);
}
