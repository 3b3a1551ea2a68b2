import { awscdk, javascript } from 'projen';
import { bundleHandler } from './projenrc/bundle';
import { DEV_DEPENDENCIES, overrideDependencies } from './projenrc/dependencies';
import { checkDocs } from './projenrc/docs';
import { addIntegTests } from './projenrc/integ';
import { configureLint } from './projenrc/lint';
import { configurePublishing, PUBLISHING } from './projenrc/publishing';
import { addTasks, addTsconfigs } from './projenrc/tasks';
import { addTests, JEST } from './projenrc/tests';
import { configureWorkflows, PULL_REQUESTS } from './projenrc/workflows';

const project = new awscdk.AwsCdkConstructLibrary({
  name: 'cdk-ecs-run-task',
  description: 'Runs an Amazon ECS task during cdk deploy, waits for it, and fails the deployment with the cause if the task fails.',
  keywords: ['aws', 'cdk', 'awscdk', 'aws-cdk', 'ecs', 'fargate', 'run-task', 'one-off-task', 'migration', 'database-migration', 'custom-resource'],
  homepage: 'https://github.com/cdk-ecs-run-task/cdk-ecs-run-task#readme',
  bugsUrl: 'https://github.com/cdk-ecs-run-task/cdk-ecs-run-task/issues',
  author: 'The cdk-ecs-run-task contributors',
  authorAddress: 'https://github.com/cdk-ecs-run-task/cdk-ecs-run-task',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk-ecs-run-task/cdk-ecs-run-task.git',
  license: 'Apache-2.0',
  defaultReleaseBranch: 'main',
  majorVersion: 0,
  packageManager: javascript.NodePackageManager.NPM,
  projenrcTs: true,

  // The lowest versions that the library works with. docs/versions.md describes how they are tested.
  cdkVersion: '2.172.0',
  constructsVersion: '10.0.0',
  jsiiVersion: '~6.0.16',
  typescriptVersion: '~6.0.3', // the TypeScript of jsii 6, which is not the newest
  devDeps: DEV_DEPENDENCIES,

  ...PUBLISHING,
  buildWorkflow: false, // .github/workflows/build.yml runs the gate instead
  githubOptions: { mergify: false, pullRequestLintOptions: PULL_REQUESTS },
  depsUpgradeOptions: { workflowOptions: { schedule: javascript.UpgradeDependenciesSchedule.WEEKLY } },
  integrationTestAutoDiscover: false, // projen's own tasks do not support a separate package; projenrc/integ.ts adds ours
  jestOptions: JEST,
  eslintOptions: {
    dirs: ['src'],
    devdirs: ['lambda', 'test', 'examples', 'bench', 'projenrc'],
    commandOptions: { fix: false }, // a check must not rewrite what it checks
  },
  tsconfigDev: {
    include: ['../lambda/**/*.ts', '../examples/**/*.ts', '../bench/**/*.ts'],
    exclude: ['integ'], // has its own aws-cdk-lib
    compilerOptions: { rootDir: '..', lib: ['es2024'], paths: { 'cdk-ecs-run-task': ['../src'] } },
  },
  gitignore: ['/.local/', 'cdk.out/', '.venv/', '/examples/java-app/target/', '__pycache__/', '.DS_Store', '.jsii.tabl.json'],
});

configureLint(project);
configurePublishing(project);
configureWorkflows(project);
overrideDependencies(project);
bundleHandler(project);
addTsconfigs(project);
addTests(project);
addIntegTests(project);
checkDocs(project);
addTasks(project);
project.synth();
