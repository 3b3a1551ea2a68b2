import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { functionLinesOf, outputsOf, resourcesOf, stackStatus } from './aws';
import { cdk } from './engine/cdk';
import { checkout, folders } from './engine/folders';
import { expectFaults, recorded, recordedCalls } from './proxy-control';

/** Those whose image is busybox, and whose resources the local engine has. */
const EXAMPLES: ReadonlyArray<readonly [example: string, stack: string]> = [
  ['bootstrap-output', 'BootstrapOutput'],
  ['every-deployment', 'EveryDeployment'],
  ['service-migration', 'ServiceMigration'],
  ['shared-cluster', 'Orders'],
];

beforeEach(() => expectFaults());
afterEach(() => recordedCalls());

test.each(EXAMPLES)('the example %s deploys', async (example, stack) => {
  const { status } = await deployExample(example);

  expect(status).toBe(0);
  expect(await stackStatus(stack)).toBe('CREATE_COMPLETE');
  expect(await recorded('RunTask')).toHaveLength(1);
});

test('the example bootstrap-output runs once, and has its output', async () => {
  const { InstallationId } = await outputsOf('BootstrapOutput');
  const { status } = await deployExample('bootstrap-output');

  expect(status).toBe(0);
  expect(InstallationId).toMatch(/^[0-9a-f-]{36}$/);
  expect(await outputsOf('BootstrapOutput')).toMatchObject({ InstallationId });
  expect(await recorded('RunTask')).toEqual([]);
});

test('the example every-deployment has an alarm, the metric that it watches, and a line for each state', async () => {
  expect(await resourcesOf('EveryDeployment', 'AWS::CloudWatch::Alarm')).toHaveLength(1);
  const fields = (await functionLinesOf('EveryDeployment')).flatMap((line) => /\{.*\}/.exec(line) ?? []).map((json) => JSON.parse(json));
  expect(fields).toContainEqual(expect.objectContaining({ Task: 'EveryDeployment/Run/Task', Failures: 0 }));
  expect(fields.map(({ state }) => state)).toEqual(expect.arrayContaining(['RECEIVED', 'CLEARED', 'STARTED', 'SUCCESS']));
});

test('the example every-deployment runs in every deployment', async () => {
  const { RanAt } = await outputsOf('EveryDeployment');
  const { status } = await deployExample('every-deployment');

  expect(status).toBe(0);
  expect(await recorded('RunTask')).toHaveLength(1);
  expect((await outputsOf('EveryDeployment')).RanAt).not.toBe(RanAt);
});

/** As its cdk.json says, but with the image of the local engine. */
async function deployExample(example: string) {
  const outdir = join(folders.run, 'cdk.out', example);
  const cwd = join(checkout, 'examples', example);
  await cdk(process.env.E2E_ENDPOINT!, ['synth', '--quiet', '--output', outdir], cwd);
  for (const file of readdirSync(outdir).filter((name) => name.endsWith('.template.json'))) {
    const template = readFileSync(join(outdir, file), 'utf8');
    writeFileSync(join(outdir, file), template.replaceAll('public.ecr.aws/docker/library/busybox:stable', process.env.E2E_IMAGE!));
  }
  return cdk(process.env.E2E_ENDPOINT!, ['deploy', '--all', '--app', outdir, '--require-approval', 'never', '--progress', 'events']);
}
