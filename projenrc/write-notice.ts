/** Writes NOTICE: the licences of the code that is bundled into the function, from the SBOM of the bundle. */
import { readFileSync, writeFileSync } from 'node:fs';

interface Component {
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly evidence?: { readonly licenses: { readonly license: { readonly text: { readonly content: string; readonly encoding?: string } } }[] };
}

const { components } = JSON.parse(readFileSync('dist/sbom.cdx.json', 'utf8')) as { components: Component[] };
const packagesOfText = new Map<string, string[]>();
for (const { group, name, version, evidence } of components) {
  const title = `${group ? `${group}/` : ''}${name} ${version}`;
  if (!evidence) {
    throw new Error(`${title} is bundled, and its package holds no licence. Find its licence, or do not bundle it.`);
  }
  const text = evidence.licenses.map(({ license: { text: { content, encoding } } }) =>
    Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8').toString().trim()).join('\n\n');
  packagesOfText.set(text, [...packagesOfText.get(text) ?? [], title]);
}

writeFileSync('NOTICE', `cdk-ecs-run-task
Copyright the cdk-ecs-run-task contributors

The Lambda function in this package contains the following third-party software.

${[...packagesOfText].map(([text, titles]) => `${'='.repeat(80)}\n${titles.join('\n')}\n${'='.repeat(80)}\n\n${text}\n`).join('\n')}`);
