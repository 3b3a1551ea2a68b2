import { Component, javascript, release } from 'projen';
import type { awscdk } from 'projen';
import type { Job } from 'projen/lib/github/workflows-model';

/** Where each language's package goes, and how a release is made. */
export const PUBLISHING = {
  publishToPypi: { distName: 'cdk-ecs-run-task', module: 'cdk_ecs_run_task' },
  publishToMaven: {
    javaPackage: 'io.github.cdkecsruntask',
    mavenGroupId: 'io.github.cdkecsruntask',
    mavenArtifactId: 'cdk-ecs-run-task',
  },
  publishToNuget: { dotNetNamespace: 'CdkEcsRunTask', packageId: 'CdkEcsRunTask' },
  publishToGo: { moduleName: 'github.com/cdk-ecs-run-task/cdk-ecs-run-task-go', packageName: 'cdkecsruntask' },
  // A release is started by hand. The titles of the merged pull requests (fix, feat, chore) decide its version.
  releaseTrigger: release.ReleaseTrigger.workflowDispatch(),
  bumpPackage: 'commit-and-tag-version@^12', // 13 needs Node 22
  compat: true, // jsii-diff against the last release, in each compilation; skipped until there is one
};

/** The rest of what a release needs: the package holds only what users need, and no file names a registry. */
export function configurePublishing(project: awscdk.AwsCdkConstructLibrary): void {
  // Lock files name no registry: the reader's own configuration decides where packages come from.
  new javascript.NpmConfig(project, { omitEmpty: true }).addConfig('omit-lockfile-registry-resolved', 'true');
  new RegistryOfVariable(project);

  // "npm run build" would package for all languages, and so require .NET, Maven and Go. release:dry builds those packages.
  project.packageTask.reset();
  project.packageTask.spawn(project.tasks.tryFind('package:js')!);

  for (const path of [
    '/lambda/', '/examples/', '/bench/', '/rosetta/', '/.ci/', '/.local/', '.jsii.tabl.json', '/jest.config.json',
    '/.npmrc', '/cdk.out/', '/CONTRIBUTING.md', '/stryker.config.json',
    '/cspell.config.yaml', '/.markdownlint-cli2.yaml', '/.remarkrc.yaml',
    '/docs/', '/SECURITY.md', // on GitHub, where the links of the README lead
  ]) {
    project.addPackageIgnore(path);
  }
}

/** Lets a variable of the repository name the npm registry; without it publib uses the usual one. */
class RegistryOfVariable extends Component {
  constructor(private readonly library: awscdk.AwsCdkConstructLibrary) {
    super(library);
  }

  public preSynthesize(): void { // projen adds the job in its own preSynthesize, which runs before
    const job = this.library.github!.tryFindWorkflow('release')!.getJob('release_npm') as Job;
    job.steps.find(({ id }) => id === 'release')!.env!.NPM_REGISTRY = '${{ vars.NPM_REGISTRY }}';
  }
}
