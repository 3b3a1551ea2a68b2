import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTaskDefinitionCommand, DescribeTasksCommand, ListTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { awsError } from './faults';
import type { Change } from './lambda';
import type { World } from '../../lambda/world';

/** The handler without one of its protections, and the invariant that must notice it. */
export interface Mutant extends Change {
  readonly name: string;
  readonly breaks: string;
  /** A seed that shows it, if few seeds do. */
  readonly seed?: number;
  /** The fault without which it does not show. */
  readonly wicked?: readonly string[];
}

type Send = (command: any) => Promise<any>;

/** Changes how one command is sent, by any client. */
function sending(command: string, change: (input: any, send: Send, event: any) => Promise<any>): Change['world'] {
  return (world, event) => {
    const wrap = (client: { send: any }): any => ({
      send: (sent: { constructor: { name: string }; input: any }) => sent.constructor.name === command
        ? change(sent.input, (other) => client.send(other ?? sent), event)
        : client.send(sent),
    });
    return { ...world, ecs: wrap(world.ecs), logs: wrap(world.logs), cloudFormation: wrap(world.cloudFormation), lambda: wrap(world.lambda) };
  };
}

function stackStatus(change: (status: string, event: any) => string): Change['world'] {
  return sending('DescribeStacksCommand', async (_input, send, event) => {
    const { Stacks: [stack] } = await send(undefined);
    return { Stacks: [{ ...stack, StackStatus: change(stack.StackStatus, event) }] };
  });
}

function tasks(change: (task: any) => any): Change['world'] {
  return sending('DescribeTasksCommand', async (_input, send) => {
    const answer = await send(undefined);
    return { ...answer, tasks: answer.tasks.map(change) };
  });
}

const exitCode = (code: number) => tasks((task) => ({
  ...task,
  containers: task.containers.map((container: any) => container.exitCode === undefined ? container : { ...container, exitCode: code }),
}));

function body(change: (answer: any, event: any) => any): Change['world'] {
  return (world: World, event: any) => ({ ...world, put: (url, text) => world.put(url, JSON.stringify(change(JSON.parse(text), event))) });
}

function property(name: string, value: unknown): Change['event'] {
  return (event) => ({ ...event, ResourceProperties: { ...event.ResourceProperties, [name]: value } });
}

/** Changes the event of a resource that continues the run of another. */
function continues(change: (continued: { First: string; Baton: string }, event: any) => object | undefined): Change['event'] {
  return (event) => {
    const { PreviousLeg, ...properties } = event.ResourceProperties;
    return PreviousLeg ? { ...event, ResourceProperties: { ...properties, PreviousLeg: change(PreviousLeg, event) } } : event;
  };
}

const refused = () => awsError('InvalidParameterException', 'not accepted');

/** The reason without the lines that name tasks to stop. */
const withoutWhatRuns = (reason: string) => reason.split('\n').filter((line) => !/Stop it manually|may still be running/.test(line)).join('\n');

/** The URL with a signature this many seconds later. */
function signed(url: string, later: number): string {
  return url.replace(/(?<=X-Amz-Date=)[^&]*/, (date) => {
    const at = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    return new Date(at + later * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
  });
}

const withoutLastUpdatedTime = sending('DescribeStacksCommand', async (_input, send) => {
  const { Stacks: [{ LastUpdatedTime, ...stack }] } = await send(undefined);
  return { Stacks: [stack] };
});

/** Skips the check before a start: pretends that everything is as expected, in this part of the invocation. */
function blindBeforeStart(type: string, from: number, until: number): Change['world'] {
  return (world, event) => {
    const began = world.now();
    let hasStarted = false;
    const noting = sending('RunTaskCommand', (_input, send) => {
      hasStarted = true;
      return send(undefined);
    })!(world, event);
    return sending('DescribeStacksCommand', async (_input, send) =>
      event.RequestType !== type || hasStarted || world.now() < began + from || world.now() > began + until
        ? send(undefined)
        : { Stacks: [{ StackStatus: `${type.toUpperCase()}_IN_PROGRESS`, LastUpdatedTime: new Date(0) }] })!(noting, event);
  };
}

export const mutants: readonly Mutant[] = [
  {
    name: 'each RunTask has another token',
    breaks: 'no second task',
    world: (world, event) => {
      let calls = 0;
      return sending('RunTaskCommand', (input, send) => send(new RunTaskCommand({ ...input, clientToken: `${world.now()}-${++calls}` })))!(world, event);
    },
  },
  {
    name: 'StopTask does nothing',
    breaks: 'nothing left running',
    world: sending('StopTaskCommand', async () => ({})),
  },
  {
    name: 'a rollback looks like a deployment',
    breaks: 'a rollback gets no worse',
    world: stackStatus((status) => /ROLLBACK/.test(status) ? 'UPDATE_IN_PROGRESS' : status),
  },
  {
    name: 'a cancelled deployment looks as if it went on',
    breaks: 'nothing left running',
    world: stackStatus((status, { RequestType }) => RequestType === 'Create' ? 'CREATE_IN_PROGRESS' : status),
  },
  {
    name: 'an answer that was not taken counts as given',
    breaks: 'one answer',
    world: (world) => ({ ...world, put: (url, text) => world.put(url, text).then(() => 200, () => 200) }),
  },
  {
    name: 'ListTasks finds nothing',
    breaks: 'nothing left running',
    world: sending('ListTasksCommand', async (_input, send) => ({ ...await send(undefined), taskArns: [] })),
  },
  {
    name: 'an Update does not look for tasks of earlier requests',
    breaks: 'one generation at a time',
    world: sending('ListTasksCommand', async (input, send, { RequestType }) =>
      RequestType === 'Delete' ? send(undefined) : { ...await send(new ListTasksCommand(input)), taskArns: [] }),
  },
  {
    name: 'every exit code is 0',
    breaks: 'a correct verdict',
    world: exitCode(0),
  },
  {
    name: 'every exit code is 1',
    breaks: 'a correct verdict',
    world: exitCode(1),
  },
  {
    name: 'a task that runs counts as done',
    breaks: 'a correct verdict',
    world: tasks((task) => task.lastStatus !== 'RUNNING' ? task : {
      ...task,
      lastStatus: 'STOPPED',
      containers: task.containers.map((container: any) => ({ ...container, lastStatus: 'STOPPED', exitCode: 0 })),
    }),
  },
  {
    name: 'a task that ECS does not know yet counts as ended',
    breaks: 'a correct verdict',
    world: sending('DescribeTasksCommand', async (input, send) => {
      const answer = await send(new DescribeTasksCommand(input));
      const ended = answer.failures.map(({ arn }: { arn: string }) => ({ taskArn: arn, lastStatus: 'STOPPED', desiredStatus: 'STOPPED', containers: [] }));
      return { tasks: [...answer.tasks, ...ended], failures: [] };
    }),
  },
  {
    name: 'the log holds the event',
    breaks: 'secrets stay out of logs',
    world: (world, event) => ({ ...world, log: (line) => world.log(`${line} ${event.ResponseURL}`) }),
  },
  {
    name: 'the log holds the request',
    breaks: 'secrets stay out of logs',
    world: (world, event) => ({ ...world, log: (line) => world.log(`${line} ${JSON.stringify(event.ResourceProperties)}`) }),
  },
  {
    name: 'an answer of more than 4096 bytes',
    breaks: 'one answer',
    world: body((answer) => ({ ...answer, Reason: answer.Reason + 'x'.repeat(4_096) })),
  },
  {
    name: 'an answer with the colours of a terminal',
    breaks: 'one answer',
    world: body((answer) => ({ ...answer, Reason: `\u001b[31m${answer.Reason}` })),
  },
  {
    name: 'an Update answers with another physical id',
    breaks: 'one answer',
    world: body((answer, { RequestType }) => RequestType === 'Update' ? { ...answer, PhysicalResourceId: 'another' } : answer),
  },
  {
    name: 'the next invocation is never asked to go on',
    breaks: 'one answer',
    world: sending('InvokeCommand', async () => ({ StatusCode: 202 })),
  },
  {
    name: 'the next invocation knows nothing of the one before',
    breaks: 'no second task',
    seed: 6661,
    world: sending('InvokeCommand', (input, send) => {
      const { HandedOver, ...event } = JSON.parse(input.Payload);
      return send(new InvokeCommand({ ...input, Payload: JSON.stringify(event) }));
    }),
  },
  {
    name: 'ten times as long between two looks',
    breaks: 'soon and sparing',
    world: (world) => ({ ...world, sleep: (milliseconds) => world.sleep(10 * milliseconds) }),
  },
  {
    name: 'hardly a pause between two looks',
    breaks: 'soon and sparing',
    world: (world) => ({ ...world, sleep: (milliseconds) => world.sleep(Math.min(milliseconds, 400)) }),
  },
  {
    name: 'always three retries',
    breaks: 'no second task',
    event: property('RetryAttempts', '3'),
  },
  {
    name: 'tasks without a mark',
    breaks: 'nothing left running',
    world: sending('RunTaskCommand', (input, send) => send(new RunTaskCommand({ ...input, startedBy: 'somebody', tags: [] }))),
  },
  {
    name: 'a rollback runs the task always',
    breaks: 'a rollback gets no worse',
    event: property('OnRollback', 'RUN'),
  },
  {
    name: 'a resource that goes on does not know with what',
    breaks: 'no second task',
    event: continues(({ First }) => ({ First, Baton: '' })),
  },
  {
    name: 'a resource that goes on has a name of its own',
    breaks: 'nothing left running',
    seed: 324,
    event: continues(({ Baton }, { LogicalResourceId }) => ({ First: LogicalResourceId, Baton })),
  },
  {
    name: 'a resource leaves its task to the next after some minutes',
    breaks: 'a correct verdict',
    event: (event) => ({ ...event, ResponseURL: signed(event.ResponseURL, event.ResourceProperties.HasNextLeg ? -50 * 60 : 0) }),
    world: (world, event) => ({ ...world, put: (url, text) => world.put(signed(url, event.ResourceProperties.HasNextLeg ? 50 * 60 : 0), text) }),
  },
  {
    name: 'who has left a task to the next does not look back',
    breaks: 'nothing left running',
    seed: 2029,
    world: stackStatus((status, { ResourceProperties }) => ResourceProperties.HasNextLeg && /_FAILED$/.test(status) ? 'UPDATE_IN_PROGRESS' : status),
  },
  {
    name: 'what was passed on in an earlier deployment counts',
    breaks: 'a correct verdict',
    seed: 3865,
    world: withoutLastUpdatedTime,
  },
  {
    name: 'an answer lacks an attribute',
    breaks: 'true results',
    world: body((answer) => ({ ...answer, Data: Object.fromEntries(Object.entries(answer.Data ?? {}).slice(1)) })),
  },
  {
    name: 'the outputs are those of the first task',
    breaks: 'true results',
    world: sending('GetLogEventsCommand', (input, send) => send(new GetLogEventsCommand({ ...input, logStreamName: input.logStreamName.replace(/\d+$/, '1') }))),
  },
  {
    name: 'the results are those of another task',
    breaks: 'true results',
    world: body((answer) => answer.Data?.TaskArn ? { ...answer, Data: { ...answer.Data, TaskArn: `${answer.Data.TaskArn}0` } } : answer),
  },
  {
    name: 'the stack keeps nothing',
    breaks: 'true results',
    world: sending('DescribeStacksCommand', async (_input, send) => {
      const { Stacks: [stack] } = await send(undefined);
      return { Stacks: [{ ...stack, Outputs: [] }] };
    }),
  },
  {
    name: 'an Update runs no task',
    breaks: 'an Update runs the task',
    event: property('RunOn', 'CREATE'),
  },
  {
    name: 'one reading of the stack counts for a minute',
    breaks: 'a rollback gets no worse',
    wicked: ['DescribeStacks tells for seconds what has been'],
    world: (world, event) => {
      let last: { at: number; answer: unknown } | undefined;
      return sending('DescribeStacksCommand', async (_input, send) => {
        last = last && world.now() < last.at + 60_000 ? last : { at: world.now(), answer: await send(undefined) };
        return last.answer;
      })!(world, event);
    },
  },
  {
    name: 'what may still run is not named',
    breaks: 'nothing left running',
    wicked: ['tasks take minutes to stop'],
    world: body((answer) => ({ ...answer, Reason: answer.Reason && withoutWhatRuns(answer.Reason) })),
  },
  {
    name: 'an unreadable answer of RunTask counts as refused',
    breaks: 'a correct verdict',
    wicked: ['an answer is unreadable'],
    world: sending('RunTaskCommand', (_input, send) => send(undefined).catch((error) => {
      throw error instanceof SyntaxError ? refused() : error;
    })),
  },
  {
    name: 'a Create that was sent within a minute starts without a look at the stack',
    breaks: 'nothing left running',
    world: blindBeforeStart('Create', 0, 60_000),
  },
  {
    name: 'an Update starts without a look at the stack',
    breaks: 'a rollback gets no worse',
    seed: 539,
    world: blindBeforeStart('Update', 17_000, Infinity), // after the readings that show what kind of Update it is
  },
  {
    name: 'each task is judged by the latest revision',
    breaks: 'a correct verdict',
    seed: 1137,
    wicked: ['a new revision is registered'],
    world: sending('DescribeTaskDefinitionCommand', ({ taskDefinition }, send) =>
      send(new DescribeTaskDefinitionCommand({ taskDefinition: taskDefinition.replace(/:\d+$/, '') }))),
  },
  {
    name: 'each wait has a budget of its own',
    breaks: 'one answer',
    wicked: ['tasks take minutes to stop'],
    event: (event) => ({ ...event, ResponseURL: signed(event.ResponseURL, 20 * 60) }),
    world: (world) => ({ ...world, put: (url, text) => world.put(signed(url, -20 * 60), text) }),
  },
  {
    name: 'patience with a permission counts from the start of the invocation',
    breaks: 'a correct verdict',
    wicked: ['a permission goes and comes back'],
    world: (world, event) => {
      const began = world.now();
      return sending('RunTaskCommand', (_input, send) => send(undefined).catch((error) => {
        throw error.name === 'AccessDeniedException' && world.now() > began + 60_000 ? refused() : error;
      }))!(world, event);
    },
  },
  {
    name: 'a look that failed has found nothing',
    breaks: 'nothing left running',
    wicked: ['a permission goes and comes back'],
    world: sending('ListTasksCommand', (_input, send) => send(undefined).catch(() => ({ taskArns: [] }))),
  },
  {
    name: 'a look that failed has found that the task has ended',
    breaks: 'a correct verdict',
    wicked: ['a permission goes and comes back'],
    world: sending('DescribeTasksCommand', (input, send) => send(undefined).catch(() => ({
      tasks: input.tasks.map((taskArn: string) => ({ taskArn, lastStatus: 'STOPPED', desiredStatus: 'STOPPED', containers: [] })),
    }))),
  },
];
