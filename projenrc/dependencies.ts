import type { awscdk } from 'projen';

export const DEV_DEPENDENCIES = [
  '@aws-sdk/client-cloudformation@^3.1164.0',
  '@aws-sdk/client-cloudwatch-logs@^3.1164.0',
  '@aws-sdk/client-ecs@^3.1164.0',
  '@aws-sdk/client-iam@^3.1164.0',
  '@aws-sdk/client-lambda@^3.1164.0',
  '@aws-sdk/client-resource-groups-tagging-api@^3.1142.0',
  '@aws-sdk/client-sts@^3.1164.0',
  '@aws-sdk/credential-provider-env@^3.972.84',
  '@cloud-copilot/iam-simulate@0.1.173', // evaluates the deployed policies, which the local engines do not
  '@cyclonedx/cyclonedx-esbuild@^1.4.4',
  '@smithy/core@^3.41.0', // walks the schema of the RunTask request
  '@stryker-mutator/core@^9', // 10 needs Node 22
  '@stryker-mutator/jest-runner@^9',
  '@types/aws-lambda@^8.10.164',
  '@types/node@^20',
  'aws-cdk@2.1148.1', // exact: the tag "latest" points to 3.0.0, which cannot read current assemblies
  'aws-sdk@^2.1693.0', // AWS's own model and validator of the request, for the tests
  'cdk-nag@2.36.50', // exact: the last version that works with the lowest aws-cdk-lib
  'commander@^14.0.3', // the newest version for Node 20
  'cspell@^9', // 10 needs Node 22
  'echarts@^6.1.0', // draws the plots of bench/RESULTS.md
  'esbuild@^0.28.2',
  'fast-check@^4.10.2',
  'markdownlint-cli2@~0.22.1', // 0.23 needs Node 22
  'remark-cli@^12',
  'remark-validate-links@^13',
  'tsx@^4.23.15',
];

/** Versions of indirect dependencies for which npm would choose a version that does not work. */
export function overrideDependencies(project: awscdk.AwsCdkConstructLibrary): void {
  // The newest unrs-resolver lacks packages for some platforms, so "npm ci" would reject the lock file.
  project.package.addPackageResolutions('unrs-resolver@1.12.2');
  // cdk-nag asks for constructs 10.0.5, and works with the lowest version.
  project.tryFindObjectFile('package.json')!.addOverride('overrides.cdk-nag', { constructs: '$constructs' });
}
