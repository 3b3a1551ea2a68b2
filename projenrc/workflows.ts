import { Component, github } from 'projen';
import type { awscdk } from 'projen';
import { type Job, JobPermission, type JobStep } from 'projen/lib/github/workflows-model';

/** The commits of the actions for which projen names only the version. projen pins the other actions itself. */
const COMMITS = {
  'aws-actions/configure-aws-credentials': 'e1253824e5c10ff9df46874f81ed3ec929e19cfd', // v6.3.0
  'actions/attest': '1e69f48acb82d1966a394da916b4c1698aa569d6', // v4.2.2
  'actions/setup-dotnet': 'a98b56852c35b8e3190ac28c8c2271da59106c68', // v6.0.0
  'actions/setup-go': 'b7ad1dad31e06c5925ef5d2fc7ad053ef454303e', // v7.0.0
  'actions/setup-java': 'b6effb05e454b25005698d916606bdc6ffcbf961', // v5.7.0
  'actions/setup-node': '820762786026740c76f36085b0efc47a31fe5020', // v7.0.0
  'actions/setup-python': '5fda3b95a4ea91299a34e894583c3862153e4b97', // v7.0.0
  'peter-evans/create-pull-request': '5f6978faf089d4d20b00c7766989d076bb2fc7f1', // v8.1.1
};

/** The types of commits that CONTRIBUTING lists, for the titles of pull requests. */
export const PULL_REQUESTS: github.PullRequestLintOptions = {
  semanticTitleOptions: { types: ['feat', 'fix', 'refactor', 'test', 'docs', 'chore'] },
};

/** What GitHub runs: the gate for each pull request, the release, and each week the newest versions. */
export function configureWorkflows(project: awscdk.AwsCdkConstructLibrary): void {
  for (const [action, commit] of Object.entries(COMMITS)) {
    project.github!.actions.set(action, `${action}@${commit}`);
  }
  addGate(project);
  addIntegTests(project);
  new ReleaseJobs(project);
  project.release!.publisher.addGitHubPostPublishingSteps({
    name: 'Attach the SBOM to the release',
    if: '${{ !inputs.dry_run }}',
    env: { GITHUB_TOKEN: '${{ secrets.GITHUB_TOKEN }}' },
    run: 'gh release upload "$(cat dist/releasetag.txt)" dist/sbom.cdx.json -R "$GITHUB_REPOSITORY" --clobber',
  });
  // The weekly pull request also raises the newest aws-cdk-lib that the gate tests.
  project.upgradeWorkflow!.postUpgradeTask.exec('npx npm-check-updates@20 --upgrade --target=minor --packageFile projenrc/newest.json');
  project.upgradeWorkflow!.postUpgradeTask.exec('npx projen');
}

/** The lanes of .ci/run, as parallel jobs. */
function addGate(project: awscdk.AwsCdkConstructLibrary): void {
  const workflow = new github.GithubWorkflow(project.github!, 'build');
  workflow.on({ pullRequest: {}, workflowDispatch: {} });
  const setup = (tool: string, input: object): JobStep => ({ uses: `actions/setup-${tool}`, with: input });
  workflow.addJob('gate', {
    name: 'gate (${{ matrix.lane }})',
    runsOn: ['ubuntu-latest'],
    permissions: { contents: JobPermission.READ },
    timeoutMinutes: 60,
    strategy: { failFast: false, matrix: { domain: { lane: ['tests', 'release', 'engines'] } } },
    steps: [
      github.WorkflowSteps.checkout({ with: { fetchDepth: 0 } }), // with the tags of the releases, to compare with the last release
      setup('node', { 'node-version': '20', 'package-manager-cache': false }),
      setup('python', { 'python-version': '3.11' }),
      setup('java', { 'distribution': 'corretto', 'java-version': '17' }),
      setup('go', { 'go-version': 'stable', 'cache': false }),
      setup('dotnet', { 'dotnet-version': '8.x', 'cache': false }),
      { name: 'Run the gate', run: 'sudo --preserve-env env "PATH=$PATH" .ci/run ${{ matrix.lane }}' }, // root installs what the engines need
    ],
  });
}

/** The integration tests, on the account that has a role for this repository. CONTRIBUTING describes how to set it up. */
function addIntegTests(project: awscdk.AwsCdkConstructLibrary): void {
  const workflow = new github.GithubWorkflow(project.github!, 'integ');
  workflow.on({
    workflowDispatch: {
      inputs: { tests: { description: 'Names of tests, such as "count.integ.ts output.integ.ts"; all of them if empty', required: false, type: 'string' } },
    },
  });
  workflow.addJob('integ', {
    runsOn: ['ubuntu-latest'],
    environment: 'integ', // its owner can require an approval
    permissions: { contents: JobPermission.READ, idToken: JobPermission.WRITE },
    timeoutMinutes: 120,
    env: { AWS_REGION: '${{ vars.AWS_REGION }}' },
    steps: [
      github.WorkflowSteps.checkout(),
      { uses: 'actions/setup-node', with: { 'node-version': '20', 'package-manager-cache': false } },
      { run: 'npm ci' },
      {
        uses: 'aws-actions/configure-aws-credentials',
        with: { 'role-to-assume': '${{ vars.AWS_ROLE }}', 'aws-region': '${{ vars.AWS_REGION }}', 'role-duration-seconds': 7200 },
      },
      { name: 'Run the tests', env: { TESTS: '${{ inputs.tests }}' }, run: 'npm run integ -- $TESTS --parallel-regions "$AWS_REGION"' },
      { name: 'Show what changed in the snapshots', if: '${{ !cancelled() }}', run: 'git diff --stat' },
    ],
  });
}

/** Sets what projen has no options for. A job is named and a step is found by its id, so that a new version of projen that renames one fails here. */
class ReleaseJobs extends Component {
  constructor(private readonly library: awscdk.AwsCdkConstructLibrary) {
    super(library);
  }

  public preSynthesize(): void { // projen adds the jobs in its own preSynthesize, which runs earlier
    // A variable of the repository names the npm registry; without it publib uses the default registry.
    this.release('npm').step.env!.NPM_REGISTRY = '${{ vars.NPM_REGISTRY }}';
    // npm, PyPI and NuGet record who built a package. For the others GitHub does: "gh attestation verify".
    for (const [registry, files] of [['maven', 'dist/java/**/*.jar'], ['golang', 'dist/go/**/*.tgz']]) {
      const { job } = this.release(registry);
      Object.assign(job.permissions, { idToken: JobPermission.WRITE, attestations: JobPermission.WRITE });
      job.steps.push({ name: 'Attest where the package was built', if: '${{ !inputs.dry_run }}', uses: 'actions/attest', with: { 'subject-path': files } });
    }
  }

  private release(registry: string): { readonly job: Job; readonly step: JobStep } {
    const job = this.library.github!.tryFindWorkflow('release')!.getJob(`release_${registry}`) as Job;
    return { job, step: job.steps.find(({ id }) => id === 'release')! };
  }
}
