import { awscdk, javascript, release } from 'projen';
import { restrictedZones } from './projenrc/layout';

const project = new awscdk.AwsCdkConstructLibrary({
  name: 'cdk-ecs-run-task',
  description: 'Runs an Amazon ECS task during cdk deploy, waits for it, and fails the deployment with the cause if the task fails.',
  keywords: ['aws', 'cdk', 'awscdk', 'aws-cdk', 'ecs', 'fargate', 'run-task', 'migration', 'custom-resource'],
  author: 'The cdk-ecs-run-task contributors',
  authorAddress: 'https://github.com/cdk-ecs-run-task/cdk-ecs-run-task',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk-ecs-run-task/cdk-ecs-run-task.git',
  license: 'Apache-2.0',
  defaultReleaseBranch: 'main',
  majorVersion: 0,
  packageManager: javascript.NodePackageManager.NPM,
  projenrcTs: true,

  // The lowest versions that the library works with: VERSIONS.md says how they were found.
  cdkVersion: '2.172.0',
  constructsVersion: '10.0.0',
  jsiiVersion: '~6.0.16',
  typescriptVersion: '~6.0.3', // what jsii 6 compiles with; the newest TypeScript is ahead of it

  publishToPypi: { distName: 'cdk-ecs-run-task', module: 'cdk_ecs_run_task' },
  publishToMaven: {
    javaPackage: 'io.github.cdkecsruntask',
    mavenGroupId: 'io.github.cdkecsruntask',
    mavenArtifactId: 'cdk-ecs-run-task',
  },
  publishToNuget: { dotNetNamespace: 'CdkEcsRunTask', packageId: 'CdkEcsRunTask' },
  publishToGo: { moduleName: 'github.com/cdk-ecs-run-task/cdk-ecs-run-task-go', packageName: 'cdkecsruntask' },

  // A release is asked for by hand. What is in it is told by the titles of the merged pull requests: fix, feat, chore.
  releaseTrigger: release.ReleaseTrigger.workflowDispatch(),
  bumpPackage: 'commit-and-tag-version@^12', // 13 needs Node 22
  githubOptions: { mergify: false },
  depsUpgradeOptions: { workflowOptions: { schedule: javascript.UpgradeDependenciesSchedule.WEEKLY } },
  compat: true, // jsii-diff against the last release, in each compilation; skipped until there is one

  devDeps: [
    '@aws-sdk/client-cloudformation@^3.1164.0',
    '@aws-sdk/client-cloudwatch-logs@^3.1164.0',
    '@aws-sdk/client-ecs@^3.1164.0',
    '@aws-sdk/client-iam@^3.1164.0',
    '@aws-sdk/client-lambda@^3.1164.0',
    '@aws-sdk/credential-provider-env@^3.972.84',
    '@cloud-copilot/iam-simulate@0.1.173', // judges the deployed policies, which the local engines do not
    '@smithy/core@^3.41.0', // walks the schema of the RunTask request
    '@stryker-mutator/core@^9', // 10 needs Node 22
    '@stryker-mutator/jest-runner@^9',
    '@types/aws-lambda@^8.10.164',
    '@types/node@^20',
    'aws-cdk@2.1148.1', // exact: the tag "latest" is a stray 3.0.0 that cannot read today's assemblies
    'aws-sdk@^2.1693.0', // AWS's own model and validator of the request, for the tests
    'cdk-nag@2.36.50', // exact: the last that works with the lowest aws-cdk-lib
    'esbuild@^0.28.2',
    'fast-check@^4.10.2',
    'tsx@^4.23.15',
  ],
  jestOptions: {
    jestVersion: '^30',
    updateSnapshot: javascript.UpdateSnapshot.NEVER, // a wrong snapshot must fail, not be rewritten
    configFilePath: 'jest.config.json',
    jestConfig: {
      globalSetup: '<rootDir>/test/global-setup.ts',
      globalTeardown: '<rootDir>/test/global-teardown.ts',
      coverageProvider: 'babel', // twice as fast here as v8
      moduleNameMapper: { '^cdk-ecs-run-task$': '<rootDir>/src' },
      testPathIgnorePatterns: ['/node_modules/', '/test/e2e/', '/test/deadlines/', '/test/languages/', '/test/templates/'],
      modulePathIgnorePatterns: ['<rootDir>/.local/'], // a release in the making is in there, with a package of the same name
    },
  },
  eslintOptions: {
    dirs: ['src'],
    devdirs: ['lambda', 'test', 'examples', 'bench', 'projenrc'],
    commandOptions: { fix: false }, // a check must not rewrite what it checks
  },
  tsconfigDev: {
    include: ['../lambda/**/*.ts', '../examples/**/*.ts', '../bench/**/*.ts'],
    compilerOptions: { rootDir: '..', lib: ['es2024'], paths: { 'cdk-ecs-run-task': ['../src'] } },
  },
  gitignore: ['/.local/', 'cdk.out/', '.venv/', '/examples/java-app/target/', '__pycache__/', '.DS_Store', '.jsii.tabl.json'],
});

// No file names a registry: publib knows the usual one of each language, and a variable of the repository can name another.
project.github?.tryFindWorkflow('release')?.file?.addOverride('jobs.release_npm.steps.9.env.NPM_REGISTRY', '${{ vars.NPM_REGISTRY }}');

// The examples import the library by its name, as users do; the compiler knows where it is.
project.eslint?.addRules({
  'import/no-unresolved': ['error', { ignore: ['^cdk-ecs-run-task$'] }],
  'import/no-restricted-paths': ['error', { zones: restrictedZones() }],
  'import/no-cycle': ['error', { ignoreExternal: true, disableScc: true }], // with it on, the lint takes minutes
  'import/order': ['error', { groups: ['builtin', 'external'], alphabetize: { order: 'asc', caseInsensitive: true } }],
});

// Lock files name no registry: the reader's own configuration decides where packages come from.
new javascript.NpmConfig(project, { omitEmpty: true }).addConfig('omit-lockfile-registry-resolved', 'true');
// The newest unrs-resolver lacks packages for some platforms, so that "npm ci" would refuse the lock file.
project.package.addPackageResolutions('unrs-resolver@1.12.2');
// It asks for constructs 10.0.5, and works with the lowest.
project.tryFindObjectFile('package.json')!.addOverride('overrides.cdk-nag', { constructs: '$constructs' });

// "npm run build" would package for all languages, and so ask everybody for .NET, Maven and Go. release:dry does that here.
project.packageTask.reset();
project.packageTask.spawn(project.tasks.tryFind('package:js')!);

// The handler is bundled with its SDK clients when the library is built: users need neither esbuild nor Docker,
// and members of the request that Lambda's own SDK does not know yet still reach ECS.
project.bundler.addBundle('lambda/handler.ts', {
  platform: 'node',
  target: 'node22',
  tsconfigPath: 'lambda/tsconfig.json',
  sourcemap: false,
  // bench/RESULTS.md measures each line. The alias replaces an internal module of the SDK: test/handler/bundle.test.ts shows that it still fits.
  esbuildArgs: {
    '--minify': true,
    '--main-fields': 'module,main',
    '--supported:dynamic-import': 'false', // import('node:http') would load all of fetch
    '--alias:@aws-sdk/credential-provider-node': './lambda/bundle/env-credentials.ts',
  },
});

// Each folder beside src/ needs a configuration of its own, for the editor and for eslint.
for (const [folder, include] of [['lambda', ['**/*.ts', '../src/contract.ts']], ['examples', ['**/*.ts']], ['bench', ['**/*.ts']]] as const) {
  new javascript.TypescriptConfig(project, {
    fileName: `${folder}/tsconfig.json`,
    extends: javascript.TypescriptConfigExtends.fromPaths(['../test/tsconfig.json']),
    include: [...include],
    compilerOptions: { rootDir: '..' },
  });
}

// jest and esbuild strip types without checking them, and jsii sees only src/.
const typecheck = project.addTask('typecheck', {
  description: 'Type-check lambda/, test/, examples/ and bench/',
  exec: 'tsc --noEmit --project test', // which takes in the other three
});
project.testTask.prependSpawn(typecheck);
project.testTask.prependSpawn(project.bundler.bundleTask); // the constructs' tests need the handler's bundle

// Every snippet of the README and of the docstrings has to compile. The link lets them import this package by its name.
project.postCompileTask.exec('ln -sfn .. node_modules/cdk-ecs-run-task');
project.postCompileTask.exec('jsii-rosetta extract --compile --strict .');
project.postCompileTask.exec('rm node_modules/cdk-ecs-run-task');

project.addTask('demo', {
  description: 'Deploy examples/database-migration to local engines, and show what happens',
  steps: [
    { spawn: 'bundle' },
    { exec: 'tsx --tsconfig test/tsconfig.json examples/database-migration/demo.ts' },
  ],
});

project.addTask('e2e', {
  description: 'Test the library with the real CLI and real containers on local engines',
  steps: [
    { spawn: 'bundle' },
    { exec: 'jest --config test/e2e/jest.config.json' },
  ],
});

// In a copy of the last commit: nothing is tagged, and the work tree stays as it is.
project.addTask('release:dry', {
  description: 'Do all of a release but the publishing: bump, build each language\'s package, look for stray files',
  steps: [
    { exec: 'rm -rf .local/release && git clone --quiet . .local/release && cp -al node_modules .local/release', shell: 'system' },
    ...['bump', 'bundle', 'compile', 'post-compile'].map((task) => ({ exec: `projen ${task}`, cwd: '.local/release' })),
    { exec: 'jsii-pacmak --target js python java --maven-local-repository ../maven', cwd: '.local/release' },
    // Go is compiled with the app of test:languages. For .NET nobody here has a compiler: the release workflow has one.
    { exec: 'jsii-pacmak --target go dotnet --code-only', cwd: '.local/release' },
    { exec: 'JEST_JUNIT_OUTPUT_NAME=packages.xml jest --config test/languages/jest.config.json languages/packages' },
  ],
});

project.addTask('test:languages', {
  description: 'Test the packages of release:dry with an app in each language',
  exec: 'jest --config test/languages/jest.config.json languages/apps',
});

project.addTask('simulate', {
  description: 'Simulate deployments with all that can go wrong: --seed N shows one, --runs N many',
  exec: 'tsx --tsconfig test/tsconfig.json test/simulation/main.ts',
  receiveArgs: true,
});

project.addTask('bench', {
  description: 'Measure the library beside its alternatives, and write bench/RESULTS.md (a quarter of an hour)',
  steps: [
    { spawn: 'bundle' },
    { spawn: 'compile' },
    { spawn: 'package:js' },
    { exec: 'tsx --tsconfig test/tsconfig.json bench/main.ts', receiveArgs: true },
  ],
});

project.addTask('mutate', {
  description: 'Break the code in every small way, and tell which changes no test notices (hours; -- -m FILE for one)',
  exec: 'stryker run',
  receiveArgs: true,
});

project.addTask('test:deadlines', {
  description: 'Test the bundle in Lambda\'s own runtime, with a short time-out',
  steps: [
    { spawn: 'bundle' },
    { exec: 'jest --config test/deadlines/jest.config.json' },
  ],
});

project.addTask('test:templates', {
  description: 'Let cdk-nag, cfn-lint and aws-cdk-lib look at what every example synthesizes',
  steps: [
    { spawn: 'bundle' },
    { exec: 'jest --config test/templates/jest.config.json' },
  ],
});

// The handler on the Node.js that Lambda runs it on, whatever the machine has.
project.addTask('test:runtime', {
  description: 'Run the tests of the handler on the Node.js of its Lambda runtime',
  steps: [
    { spawn: 'bundle' },
    { exec: 'JEST_JUNIT_OUTPUT_NAME=runtime.xml npx --yes --package node@24 -- node node_modules/jest/bin/jest.js --coverage=false test/handler' },
  ],
});

// The same tests with the newest aws-cdk-lib in place of the lowest; "npm ci" puts the lowest back.
project.addTask('test:newest', {
  description: 'Run the tests of the construct with the newest aws-cdk-lib',
  steps: [
    { exec: 'npm install --no-save aws-cdk-lib@2.276.0 constructs@10.8.1' },
    { exec: 'tsc --noEmit --project test' },
    { exec: 'JEST_JUNIT_OUTPUT_NAME=newest.xml jest --coverage=false test/construct test/docs' },
    { exec: 'JEST_JUNIT_OUTPUT_NAME=newest-templates.xml jest --config test/templates/jest.config.json' },
    { exec: 'npm ci' },
  ],
});

for (const path of [
  '/lambda/', '/examples/', '/bench/', '/rosetta/', '/.ci/', '/.local/', '.jsii.tabl.json', '/jest.config.json',
  '/.npmrc', '/cdk.out/', '/CONTRIBUTING.md', '/VERSIONS.md', '/stryker.config.json',
  '/docs/', '/CHANGELOG.md', '/SECURITY.md', // on GitHub, where the links of the README lead
]) {
  project.addPackageIgnore(path);
}

// Node 20, which users may still have, makes jsii and the SDK print warnings between what a person came to read.
project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');
project.tasks.addEnvironment('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');

project.synth();
