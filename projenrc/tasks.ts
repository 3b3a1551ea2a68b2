import { javascript } from 'projen';
import type { awscdk } from 'projen';

/** Adds a tsconfig.json to each folder next to src/, for the editor and for ESLint. */
export function addTsconfigs(project: awscdk.AwsCdkConstructLibrary): void {
  for (const folder of ['lambda', 'examples', 'bench']) {
    new javascript.TypescriptConfig(project, {
      fileName: `${folder}/tsconfig.json`,
      extends: javascript.TypescriptConfigExtends.fromPaths(['../test/tsconfig.json']),
      include: ['**/*.ts'],
      compilerOptions: { rootDir: '..' },
    });
  }
}

/** The tasks for people, in addition to the tests: the demo, the checks on an account, the measurements, a release that publishes nothing. */
export function addTasks(project: awscdk.AwsCdkConstructLibrary): void {
  // Every snippet of the README and of the docstrings must compile. The link lets them import this package by its name.
  project.postCompileTask.exec('ln -sfn .. node_modules/cdk-ecs-run-task');
  project.postCompileTask.exec('jsii-rosetta extract --compile --strict .');
  project.postCompileTask.exec('rm node_modules/cdk-ecs-run-task');
  // jsii-diff compares the API with the last release. A template can change too, which would run the tasks of all users again.
  project.tasks.tryFind('compat')!.exec('tsx --tsconfig test/tsconfig.json test/construct/wire-format/compare-with-release.ts');

  // The test of the wire format reads the API without jsii.
  project.postCompileTask.exec('tsx --tsconfig test/tsconfig.json test/construct/wire-format/compare-with-jsii.ts');

  project.addTask('demo', {
    description: 'Deploy examples/database-migration to local engines, and show what happens (--picture draws the failure for the docs)',
    steps: [
      { spawn: 'bundle' },
      { exec: 'tsx --tsconfig test/tsconfig.json examples/database-migration/demo.ts', receiveArgs: true },
    ],
  });

  project.addTask('verify:account', {
    description: 'Check on a real account what the code assumes about AWS: --list shows what it would create and cost',
    steps: [
      { spawn: 'bundle' },
      { exec: 'tsx --tsconfig test/tsconfig.json test/account/main.ts', receiveArgs: true },
    ],
  });

  project.addTask('bench', {
    description: 'Measure the library against its alternatives, and write bench/RESULTS.md with its plots (a quarter of an hour)',
    steps: [
      { spawn: 'bundle' },
      { spawn: 'compile' },
      { spawn: 'package:js' },
      { exec: 'tsx --tsconfig test/tsconfig.json bench/main.ts', receiveArgs: true },
    ],
  });

  project.addTask('bench:report', {
    description: 'Write bench/RESULTS.md and its plots from bench/results.json, without measuring',
    exec: 'tsx --tsconfig test/tsconfig.json bench/report.ts',
  });

  project.addTask('release:dry', {
    description: 'Do all of a release except publishing: bump, build each language\'s package, look for stray files',
    steps: [
      // This runs in a copy of the last commit: it tags nothing, and leaves the work tree unchanged.
      { exec: 'rm -rf .local/release && git clone --quiet . .local/release && cp -al node_modules .local/release', shell: 'system' },
      ...['bump', 'bundle', 'compile', 'post-compile'].map((task) => ({ exec: `projen ${task}`, cwd: '.local/release' })),
      { exec: 'git diff --exit-code -- . ":!package.json"', cwd: '.local/release' }, // API.md is the committed file
      { exec: 'jsii-pacmak --target js python java --maven-local-repository ../maven', cwd: '.local/release' },
      // test:languages compiles these sources: those of .NET only if dotnet is on the path.
      { exec: 'jsii-pacmak --target go dotnet --code-only', cwd: '.local/release' },
      { exec: 'JEST_JUNIT_OUTPUT_NAME=packages.xml jest --config test/languages/jest.config.json languages/packages' },
    ],
  });

  project.addTask('test:languages', {
    description: 'Test the packages of release:dry with an app in each language',
    exec: 'jest --config test/languages/jest.config.json languages/apps',
  });

  for (const unused of ['clobber', 'eject', 'package-all', 'test:update', 'test:watch', 'watch']) { // tasks of projen that nothing here calls
    project.tasks.removeTask(unused);
  }

  // On Node 20, which users may still have, jsii and the SDK print warnings.
  project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');
  project.tasks.addEnvironment('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
}
