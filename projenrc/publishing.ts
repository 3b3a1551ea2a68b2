import { javascript, release } from 'projen';
import type { awscdk } from 'projen';

/**
 * Where the package of each language is published, and how a release is made. PyPI and NuGet trust the workflow instead of a stored
 * key; npm does so only for a package that exists. The npm packages have provenance in both cases.
 */
export const PUBLISHING = {
  publishToPypi: { distName: 'cdk-ecs-run-task', module: 'cdk_ecs_run_task', trustedPublishing: true }, // with attestations
  publishToMaven: {
    javaPackage: 'io.github.cdkecsruntask',
    mavenGroupId: 'io.github.cdkecsruntask',
    mavenArtifactId: 'cdk-ecs-run-task',
  },
  publishToNuget: { dotNetNamespace: 'CdkEcsRunTask', packageId: 'CdkEcsRunTask', trustedPublishing: true },
  publishToGo: { moduleName: 'github.com/cdk-ecs-run-task/cdk-ecs-run-task-go', packageName: 'cdkecsruntask' },
  // A release is started manually. The titles of the merged pull requests (fix, feat, chore) determine its version.
  jsiiReleaseVersion: '0.2.1061', // the version of publib, which gets the keys
  releaseTrigger: release.ReleaseTrigger.workflowDispatch(),
  bumpPackage: 'commit-and-tag-version@^12', // 13 needs Node 22
  compat: true, // jsii-diff against the last release, in each compilation; skipped until there is one
};

/** The other settings of a release: the package contains only what users need, and no file names a registry. */
export function configurePublishing(project: awscdk.AwsCdkConstructLibrary): void {
  // Lock files name no registry: the configuration of the user determines where packages come from.
  new javascript.NpmConfig(project, { omitEmpty: true }).addConfig('omit-lockfile-registry-resolved', 'true');

  // "npm run build" would package for all languages, and require .NET, Maven and Go. release:dry builds those packages.
  project.packageTask.reset();
  project.packageTask.spawn(project.tasks.tryFind('package:js')!);

  for (const path of [
    '/lambda/', '/examples/', '/bench/', '/rosetta/', '/.ci/', '/.local/', '.jsii.tabl.json', '/jest.config.json',
    '/.npmrc', '/cdk.out/', '/CONTRIBUTING.md', '/stryker.config.json',
    '/cspell.config.yaml', '/.markdownlint-cli2.yaml', '/.remarkrc.yaml',
    '/docs/', '/SECURITY.md', // on GitHub, the target of the links in the README
  ]) {
    project.addPackageIgnore(path);
  }
}
