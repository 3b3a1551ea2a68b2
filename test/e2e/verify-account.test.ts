import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ListTasksCommand } from '@aws-sdk/client-ecs';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { cloudFormation, ecs } from './aws';
import { checkout } from './engine/folders';
import { ACCOUNT, REGION } from './engine/ministack';
import { FOLDER } from '../account/run-state';
import { TAG } from '../account/tags';

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** Runs the program, and kills it as soon as it prints what is given. */
function verifyAccount(args: string[], killAt?: string): Promise<Ended> {
  const program = spawn(process.execPath, ['--import', 'tsx', join(checkout, 'test/account/main.ts'), ...args], {
    cwd: checkout,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(checkout, 'test/tsconfig.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve) => {
    let output = '';
    [program.stdout, program.stderr].forEach((stream) => stream.on('data', (chunk) => {
      output += chunk;
      if (killAt && output.includes(killAt)) {
        program.kill('SIGKILL');
      }
    }));
    program.on('exit', (status) => resolve({ status, output }));
  });
}

const stacksOf = async (runId: string): Promise<string[]> => {
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({}));
  return Stacks.filter(({ Tags = [], StackStatus }) => StackStatus !== 'DELETE_COMPLETE' && Tags.some(({ Key, Value }) => Key === TAG && Value === runId))
    .map(({ StackName }) => StackName!);
};

const NEW = ['--yes', '--image', process.env.E2E_IMAGE!, '--check', 'first-answer', 'task-on-fargate'];

/** Each is printed at the beginning of a phase. */
const PHASES = ['-ground: deploying...', 'cdk deploy: a task definition', 'RunTask: a task that is stopped', 'Cleaning up'];

beforeAll(() => rmSync(join(FOLDER, `${ACCOUNT}-${REGION}.json`), { force: true })); // of a run on an engine that has ended

test('verify:account can be killed in each phase and resumed, reports what it saw, and leaves nothing with its tag', async () => {
  const outputs: string[] = [];
  for (const [index, phase] of PHASES.entries()) {
    const { status, output } = await verifyAccount(index === 0 ? NEW : ['--resume'], phase);
    expect(output).toContain(phase);
    expect(status).toBeNull(); // a signal ended it
    outputs.push(output);
  }
  const [, runId] = /Run (\w{8}) in account/.exec(outputs[0])!;
  expect(await stacksOf(runId)).not.toEqual([]);

  const refused = await verifyAccount(NEW);
  expect(refused).toMatchObject({ status: 1, output: expect.stringContaining(`Run ${runId} is unfinished: 1 of 2 checks are done. Continue with --resume`) });

  const { status, output } = await verifyAccount(['--resume']);
  expect(output).toContain(`Nothing of run ${runId} is left in the account.`);
  expect(status).toBe(0);
  expect(await stacksOf(runId)).toEqual([]);
  const { ResourceTagMappingList = [] } = await new ResourceGroupsTaggingAPIClient().send(new GetResourcesCommand({ TagFilters: [{ Key: TAG }] }));
  expect(ResourceTagMappingList.filter(({ ResourceARN }) => !/:task\//.test(ResourceARN!))).toEqual([]); // a task that has ended stays on the list
  const { taskArns } = await ecs.send(new ListTasksCommand({ cluster: `run-task-verify-${runId}-ground`, desiredStatus: 'RUNNING' })).catch(() => ({ taskArns: [] }));
  expect(taskArns).toEqual([]);

  const report = readFileSync(join(FOLDER, `${runId}-report.md`), 'utf8');
  expect(report).toContain('**On a local engine, not on AWS.**');
  expect(report).not.toContain(ACCOUNT);
  expect(report).toContain('| confirmed | Task ARNs contain the name of the cluster.');
  expect(report).toContain('| not seen | CloudFormation accepts the first answer to a request and ignores later ones. | '
    + 'The local engine cannot show it: it waits until the function has ended, and takes its last answer. | `first-answer` |');
}, 300_000);

test('verify:account asks before it creates anything', async () => {
  const { status, output } = await verifyAccount(NEW.slice(1));

  expect(status).toBe(1);
  expect(output).toContain('The terminal is not attached, so nobody can be asked. Use --yes to agree beforehand.');
  const [, runId] = /Run (\w{8}) in account/.exec(output)!;
  expect(await stacksOf(runId)).toEqual([]);
});
