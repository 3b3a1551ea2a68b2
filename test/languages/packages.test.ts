import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { packages, version } from './packages';
import { checkout } from '../e2e/engine/folders';

const folder = mkdtempSync(join(tmpdir(), 'cdk-ecs-run-task-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TARBALL = `cdk-ecs-run-task@${version}.jsii.tgz`;

/** A package, and what is in it beside a file or more for each type of the library. */
interface Expected {
  readonly name: keyof typeof packages;
  readonly fileOfType?: RegExp;
  readonly others: string[];
}

const EXPECTED: Expected[] = [
  {
    name: 'npm',
    fileOfType: /^package\/lib\/(?:[a-z-]+\/)*[a-z-]+(\.d\.ts|\.js)$/, // modules, not types
    others: ['.jsii', 'API.md', 'LICENSE', 'NOTICE', 'README.md', 'assets/lambda/handler/index.js', 'package.json'].map((file) => `package/${file}`),
  },
  {
    name: 'wheel',
    others: [
      ...['__init__.py', 'py.typed', '_jsii/__init__.py', `_jsii/${TARBALL}`].map((file) => `cdk_ecs_run_task/${file}`),
      ...['LICENSE', 'METADATA', 'NOTICE', 'RECORD', 'WHEEL', 'top_level.txt'].map((file) => `cdk_ecs_run_task-${version}.dist-info/${file}`),
    ],
  },
  {
    name: 'sdist',
    others: [
      ...['LICENSE', 'MANIFEST.in', 'NOTICE', 'PKG-INFO', 'README.md', 'pyproject.toml', 'setup.cfg', 'setup.py'],
      ...['__init__.py', 'py.typed', '_jsii/__init__.py', `_jsii/${TARBALL}`].map((file) => `src/cdk_ecs_run_task/${file}`),
      ...['PKG-INFO', 'SOURCES.txt', 'dependency_links.txt', 'requires.txt', 'top_level.txt'].map((file) => `src/cdk_ecs_run_task.egg-info/${file}`),
    ].map((file) => `cdk_ecs_run_task-${version}/${file}`),
  },
  {
    name: 'jar',
    fileOfType: /^io\/github\/cdkecsruntask\/(\w+)(\$Builder|\$Jsii\$Proxy)?\.class$/,
    others: [
      ...['$Module.class', '$Module.txt', 'package-info.class', TARBALL].map((file) => `io/github/cdkecsruntask/${file}`),
      ...['INDEX.LIST', 'MANIFEST.MF'].map((file) => `META-INF/${file}`),
      ...['pom.properties', 'pom.xml'].map((file) => `META-INF/maven/io.github.cdkecsruntask/cdk-ecs-run-task/${file}`),
    ],
  },
  {
    name: 'go',
    fileOfType: /^cdkecsruntask\/([A-Z]\w+?)(__(no_)?checks)?\.go$/,
    others: ['LICENSE', 'NOTICE', 'README.md', 'go.mod', 'main.go', 'version', 'internal/types.go', 'jsii/jsii.go', `jsii/cdk-ecs-run-task-${version}.tgz`]
      .map((file) => `cdkecsruntask/${file}`),
  },
  {
    name: 'dotnet',
    fileOfType: /^CdkEcsRunTask\/CdkEcsRunTask\/(?:I(?=[A-Z]))?(\w+)(?<!NamespaceDoc)\.cs$/,
    others: ['AssemblyInfo.cs', 'CdkEcsRunTask.csproj', 'LICENSE', 'NOTICE', `cdk-ecs-run-task-${version}.tgz`,
      'CdkEcsRunTask/NamespaceDoc.cs', 'CdkEcsRunTask/Internal/DependencyResolution/Anchor.cs'].map((file) => `CdkEcsRunTask/${file}`),
  },
];

const contents = new Map(EXPECTED.map(({ name }) => [name, unpack(name)]));

test.each(EXPECTED)('the package "$name" holds what it should, and no more', ({ name, fileOfType, others }) => {
  const files = contents.get(name)!;
  const ofTypes = files.filter((file) => fileOfType?.test(file));

  expect(files.filter((file) => !ofTypes.includes(file))).toEqual(others.sort());
  if (fileOfType && name !== 'npm') {
    expect([...new Set(ofTypes.map((file) => fileOfType.exec(file)![1]))].sort()).toEqual(typesOfLibrary());
  }
});

test.each(EXPECTED.filter(({ name }) => name !== 'npm'))('the package "$name" holds that of npm, byte for byte', ({ name }) => {
  const [inside, ...others] = contents.get(name)!.filter((file) => file.endsWith('.tgz'));

  expect(others).toEqual([]);
  expect(readFileSync(join(folder, name, inside)).equals(readFileSync(packages.npm))).toBe(true);
});

test('the package of npm is small, and needs nothing but its peers', () => {
  const manifest = JSON.parse(readFileSync(join(folder, 'npm', 'package', 'package.json'), 'utf8'));

  expect(statSync(packages.npm).size).toBeLessThan(500_000);
  expect(manifest.version).toBe(version);
  expect(Object.keys(manifest.peerDependencies)).toEqual(['aws-cdk-lib', 'constructs']);
  expect(manifest.dependencies ?? {}).toEqual({});
});

describe.each(EXPECTED)('the package "$name" carries', ({ name }) => {
  /** The text of a file of the package itself, or of the package of npm inside it, where a jar has them. */
  const textOf = (file: string): string => {
    const [found] = contents.get(name)!.filter((path) => basename(path) === file);
    return readFileSync(found ? join(folder, name, found) : join(folder, 'npm', 'package', file), 'utf8');
  };

  test('the licence, and the notices of what is bundled', () => {
    expect(textOf('LICENSE')).toBe(readFileSync(join(checkout, 'LICENSE'), 'utf8'));
    expect(textOf('NOTICE')).toBe(readFileSync(join(checkout, '.local', 'release', 'NOTICE'), 'utf8'));
  });

  test('a description, whose links need no file next to it', () => {
    const readme = textOf({ wheel: 'METADATA', sdist: 'PKG-INFO' }[name as string] ?? 'README.md');
    const links = [...readme.replace(/^```[^]*?^```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);

    expect(readme).toContain('# cdk-ecs-run-task');
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !/^https:|^#/.test(link))).toEqual([]);
  });
});

test('the release has an SBOM of this version, and of what is in the bundle', () => {
  const { metadata, components } = JSON.parse(readFileSync(join(checkout, '.local', 'release', 'dist', 'sbom.cdx.json'), 'utf8'));

  expect(metadata.component).toMatchObject({ name: 'cdk-ecs-run-task', version });
  expect(components.map(({ name }: { name: string }) => name)).toContain('client-ecs');
});

function typesOfLibrary(): string[] {
  const { types } = JSON.parse(readFileSync(join(folder, 'npm', 'package', '.jsii'), 'utf8'));
  return Object.values<{ name: string }>(types).map((type) => type.name).sort();
}

/** Puts what is in a package into a folder of its name, and lists it. */
function unpack(name: keyof typeof packages): string[] {
  const target = join(folder, name);
  mkdirSync(target);
  if (statSync(packages[name]).isDirectory()) {
    cpSync(packages[name], target, { recursive: true });
  } else {
    execFileSync(packages[name].endsWith('gz') ? 'tar' : 'jar', ['-xf', packages[name]], { cwd: target, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return readdirSync(target, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(target, join(entry.parentPath, entry.name)))
    .sort();
}
