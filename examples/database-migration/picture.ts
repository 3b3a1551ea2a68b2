/** The picture of the failed deployment, from what the CLI has printed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkout } from '../../test/e2e/engine/folders';
import { installFromPypi } from '../../test/e2e/engine/packages';

const IMAGES = join(checkout, 'docs/images');
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Draws it for light and dark pages. With CI=true it draws nothing, and fails if the committed pictures show something else. */
export function drawFailure(output: string): void {
  const rich = installFromPypi('Rich, which draws the picture', join(checkout, '.local/rich'), join(__dirname, 'requirements.txt'));
  const text = `$ cdk deploy Shop\n${withFixedIds(errorOf(output))}\n`;
  for (const theme of ['light', 'dark']) {
    const picture = join(IMAGES, `failed-deployment-${theme}.svg`);
    const drawn = execFileSync(join(rich, 'bin/python'), [join(__dirname, 'draw-terminal.py'), theme], { input: text, encoding: 'utf8' });
    if (process.env.CI && !(existsSync(picture) && readFileSync(picture, 'utf8') === drawn)) {
      throw new Error(`The failed deployment no longer prints what ${relative(checkout, picture)} shows: draw it with "npm run demo -- --picture".\n${text}`);
    }
    mkdirSync(IMAGES, { recursive: true });
    writeFileSync(picture, drawn);
  }
}

/** What the CLI prints from the error on, without the function's log below it. */
function errorOf(output: string): string {
  const lines = output.split('\n');
  const [first, end] = ['❌', 'Logs from'].map((text) => lines.findIndex((line) => line.includes(text)));
  if (first < 0 || end < first) {
    throw new Error(`There is no error with a log below it in:\n${output}`);
  }
  return lines.slice(first, end).join('\n').trimEnd();
}

/** The ids of each run are its own. */
function withFixedIds(text: string): string {
  const ids = [...new Set(text.match(ID))];
  return text.replace(ID, (id) => `${ids.indexOf(id) + 1}a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d`);
}
