import { javascript, JsonFile } from 'projen';
import type { awscdk } from 'projen';

const FOLDER = 'test/integ';

/**
 * The integration tests with the tools of the CDK. Their packages need a newer aws-cdk-lib than the lowest, so they have their own
 * package. The source of the library gets its aws-cdk-lib from that package too: two copies would not accept each other's classes.
 */
export function addIntegTests(project: awscdk.AwsCdkConstructLibrary): void {
  new javascript.TypescriptConfig(project, {
    fileName: `${FOLDER}/tsconfig.json`,
    extends: javascript.TypescriptConfigExtends.fromPaths(['../tsconfig.json']),
    include: ['*.ts'],
    compilerOptions: {
      rootDir: '../..',
      paths: {
        'cdk-ecs-run-task': ['../../src'],
        'aws-cdk-lib': ['./node_modules/aws-cdk-lib'],
        'aws-cdk-lib/*': ['./node_modules/aws-cdk-lib/*'],
        'constructs': ['./node_modules/constructs'],
      },
    },
  });

  new JsonFile(project, `${FOLDER}/integ.config.json`, {
    marker: false, // otherwise the runner parses it as an option
    obj: {
      app: 'tsx --tsconfig tsconfig.json {filePath}',
      testRegex: ['\\.integ\\.ts$'],
      directory: '.',
    },
  });

  project.gitignore.exclude(`/${FOLDER}/*.snapshot/asset.*`, `/${FOLDER}/cdk-integ.out.*`); // the code of functions, which the comparison leaves out
  project.gitattributes.addAttributes(`/${FOLDER}/*.snapshot/**`, 'linguist-generated');

  const bundle = project.bundler.bundleTask.name;
  const install = project.addTask('integ:install', {
    description: 'Install what the integration tests need, which is not in the lock file of the library',
    exec: 'npm ci --no-audit --no-fund',
    cwd: FOLDER,
  });
  project.addTask('integ', {
    description: 'Run the integration tests, or those that are named, on the AWS account of the environment, and write their snapshots',
    steps: [
      { spawn: bundle },
      { spawn: install.name },
      { exec: 'npx integ-runner --force --update-on-failed', receiveArgs: true, cwd: FOLDER },
    ],
  });
  project.addTask('integ:snapshots', {
    description: 'Compare the snapshots of the integration tests with what they synthesize, without an account (--update-on-failed --dry-run writes them)',
    steps: [
      { spawn: bundle },
      { spawn: install.name },
      { exec: 'tsc --noEmit --project .', cwd: FOLDER },
      { exec: 'npx integ-runner', receiveArgs: true, cwd: FOLDER },
    ],
  });
}
