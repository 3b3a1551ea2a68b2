import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { preProcessFile } from 'typescript';
import { LAYOUTS } from '../projenrc/layout';

const ROOT = resolve(__dirname, '..');

type Imports = ReadonlyMap<string, readonly string[]>;

/** The files that each file of the folder imports, `import type` included. ESLint's import/no-cycle ignores those. */
function readImports(folder: string): Imports {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Map(files.map((name) => {
    const file = join(folder, name);
    const { importedFiles } = preProcessFile(readFileSync(join(ROOT, file), 'utf8'));
    const relative = importedFiles.map(({ fileName }) => fileName).filter((imported) => imported.startsWith('.'));
    return [file, relative.map((imported) => join(dirname(file), imported)).map((path) => existsSync(join(ROOT, `${path}.ts`)) ? `${path}.ts` : `${path}/index.ts`)];
  }));
}

/** The groups of files that import each other, directly or through other files. */
function findCircles(imports: Imports): string[][] {
  const files = [...imports.keys()];
  const reached = new Map(files.map((file) => [file, reach(imports, file)]));
  const groups = files.map((file) => files.filter((other) => reached.get(file)!.has(other) && reached.get(other)!.has(file)));
  return groups.filter((group, index) => group[0] === files[index]); // each group once
}

function reach(imports: Imports, from: string): Set<string> {
  const found = new Set<string>();
  const next = [from];
  while (next.length > 0) {
    const added = (imports.get(next.pop()!) ?? []).filter((file) => !found.has(file));
    added.forEach((file) => found.add(file));
    next.push(...added);
  }
  return found;
}

describe.each(LAYOUTS)('structure of $folder/', ({ folder, levels, shared }) => {
  const imports = readImports(folder);
  /** 'lambda/run/start.ts' is in the wing 'run'; 'lambda/retry.ts' stands for itself. */
  const partOf = (file: string) => file.split('/')[1];
  const levelOf = (part: string) => levels.findIndex((level) => level.includes(part));
  const isInside = (file: string) => file.startsWith(`${folder}/`);
  const arrows = [...imports].flatMap(([file, imported]) => imported.map((other) => ({ file, other })));

  test('every file and wing has a level in projenrc/layout.ts', () => {
    expect([...imports.keys()].filter((file) => levelOf(partOf(file)) < 0)).toEqual([]);
    expect(levels.flat().filter((part) => ![...imports.keys()].some((file) => partOf(file) === part))).toEqual([]);
  });

  test('no files import each other in a circle, also not with `import type`', () => {
    expect(findCircles(imports)).toEqual([]);
  });

  test('no wings import each other in a circle, also not with `import type`', () => {
    const parts = [...new Set([...imports.keys()].map(partOf))];
    expect(findCircles(new Map(parts.map((part) => [
      part,
      arrows.filter(({ file, other }) => partOf(file) === part && isInside(other) && partOf(other) !== part).map(({ other }) => partOf(other)),
    ])))).toEqual([]);
  });

  test('each wing imports only from lower levels, also with `import type`', () => {
    expect(arrows
      .filter(({ file, other }) => isInside(other) && partOf(file) !== partOf(other) && levelOf(partOf(other)) <= levelOf(partOf(file)))
      .map(({ file, other }) => `${file} imports ${other}`)).toEqual([]);
  });

  test('files outside the folder are imported only if they are shared', () => {
    expect(arrows.filter(({ other }) => !isInside(other) && !shared.includes(other)).map(({ file, other }) => `${file} imports ${other}`)).toEqual([]);
  });
});
