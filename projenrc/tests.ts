import { javascript } from 'projen';
import type { awscdk } from 'projen';
import { dependencies } from './newest.json';

export const JEST: javascript.JestOptions = {
  jestVersion: '^30',
  updateSnapshot: javascript.UpdateSnapshot.NEVER, // a wrong snapshot must fail instead of being rewritten
  configFilePath: 'jest.config.json',
  jestConfig: {
    globalSetup: '<rootDir>/test/global-setup.ts',
    globalTeardown: '<rootDir>/test/global-teardown.ts',
    coverageProvider: 'babel', // here twice as fast as v8
    testTimeout: 60_000, // Jest's five seconds fail a test of the real bundle, which waits and retries, on a busy machine
    maxWorkers: 2, // Jest's default leaves a core free, so with two it runs one file at a time
    moduleNameMapper: { '^cdk-ecs-run-task$': '<rootDir>/src' },
    testPathIgnorePatterns: ['/node_modules/', '/test/e2e/', '/test/deadlines/', '/test/languages/', '/test/templates/'],
    modulePathIgnorePatterns: ['<rootDir>/.local/'], // release:dry copies this package into it
  },
};

/** `npm test`, and the tests that need more than the Node.js of this machine. */
export function addTests(project: awscdk.AwsCdkConstructLibrary): void {
  const bundle = project.bundler.bundleTask;
  const addBundledTask = (name: string, description: string, exec: string) =>
    project.addTask(name, { description, steps: [{ spawn: bundle.name }, { exec }] });

  project.jest!.config.coverageThreshold = { // the coverage that is reached, rounded down; projen's own option does not know folders
    './src/': { statements: 99.8, branches: 99.5, functions: 99.5, lines: 99.8 },
    './lambda/': { statements: 99.3, branches: 97, functions: 98.6, lines: 99.5 },
  };

  // jest and esbuild strip types without checking them, and jsii compiles only src/.
  const typecheck = project.addTask('typecheck', {
    description: 'Type-check lambda/, test/, examples/ and bench/',
    exec: 'tsc --noEmit --project test', // its tsconfig includes the other three folders
  });
  project.testTask.prependSpawn(typecheck);
  project.testTask.prependSpawn(bundle); // the construct's tests need the handler's bundle

  addBundledTask('test:unit', 'Run the fast tests of the construct and the handler, for the inner loop (one to two minutes)',
    'jest --coverage=false test/construct test/handler test/structure --testPathIgnorePatterns property bundle');

  addBundledTask('test:templates', 'Check what every example synthesizes with cdk-nag, cfn-lint and aws-cdk-lib',
    'jest --config test/templates/jest.config.json');

  addBundledTask('test:runtime', 'Run the tests of the handler on the Node.js of its Lambda runtime, with any Node.js on this machine',
    'JEST_JUNIT_OUTPUT_NAME=runtime.xml npx --yes --package node@24 -- node node_modules/jest/bin/jest.js --coverage=false test/handler');

  addBundledTask('test:deadlines', 'Test the bundle in Lambda\'s own runtime, with a short timeout',
    'jest --config test/deadlines/jest.config.json');

  const newest = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`).join(' ');
  project.addTask('test:newest', {
    description: 'Run the tests of the construct with the newest aws-cdk-lib, which projenrc/newest.json pins',
    steps: [
      { spawn: bundle.name },
      { exec: copyWorkTree('.local/newest'), shell: 'system' },
      { exec: `npm install --no-save ${newest}`, cwd: '.local/newest' },
      { exec: 'tsc --noEmit --project test', cwd: '.local/newest' },
      // The newest version prints everything that its validation finds in the templates of the tests.
      { exec: `${REPORT}=newest.xml jest --silent --coverage=false test/construct test/docs`, cwd: '.local/newest' },
      { exec: `${REPORT}=newest-templates.xml jest --silent --config test/templates/jest.config.json`, cwd: '.local/newest' },
    ],
  });

  addBundledTask('e2e', 'Test the library with the real CLI and real containers on local engines',
    'jest --config test/e2e/jest.config.json');

  addBundledTask('accept:wire-format', 'Write the golden files of the wire format, and print what a change means for users',
    'tsx --tsconfig test/tsconfig.json test/construct/wire-format/accept.ts');

  project.addTask('simulate', {
    description: 'Simulate deployments with all that can go wrong: --seed N shows one, --runs N tries many',
    exec: 'tsx --tsconfig test/tsconfig.json test/simulation/main.ts',
    receiveArgs: true,
  });

  project.addTask('mutate', {
    description: 'Break the code in every small way, and report which changes no test notices (hours; -- -m FILE for one file)',
    exec: 'stryker run',
    receiveArgs: true,
  });
}

/** Puts the report of a test in a copy of the work tree into the checkout. */
const REPORT = 'JEST_JUNIT_OUTPUT_DIR=../../test-reports JEST_JUNIT_OUTPUT_NAME';

/** Makes a copy whose node_modules/ can change: its files are links, except the list that npm overwrites in place. */
function copyWorkTree(folder: string): string {
  return [
    `rm -rf ${folder}`,
    `mkdir -p ${folder}/.local`,
    `git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from - | tar --extract --directory ${folder}`,
    `cp -a assets ${folder}`,
    `cp -al node_modules ${folder}`,
    `cp -a --remove-destination node_modules/.package-lock.json ${folder}/node_modules`,
    `ln -s ../../cfn-lint ${folder}/.local/cfn-lint`, // it is installed once
  ].join(' && ');
}
