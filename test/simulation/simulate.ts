import { Clock, Random } from './clock';
import { CloudFormation } from './cloudformation';
import { Ecs } from './ecs';
import { drawFaults, drawFaultsOfHours, FaultPlan, Faults, noFaults } from './faults';
import { History, Request } from './history';
import { invariants, Violation } from './invariants';
import { Change, Lambda } from './lambda';
import { ContainerOfTask, drawLife, forHours, Life, printing } from './lives';
import { drawScenario, outputsOf, Scenario } from './scenario';
import { drawWicked } from './wicked';
import { LONGEST_SERVICE_TIMEOUT_SECONDS } from '../../src/timing';

/** A run of the world: given as a whole, or drawn from a seed. */
export interface Story {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly faults?: FaultPlan;
  /** The life of the next task; drawn from the seed if absent. */
  readonly nextLife?: (request: Request, containers: readonly ContainerOfTask[]) => Life;
  /** Changes what the handler sees. */
  readonly change?: Change;
}

export interface Options {
  readonly change?: Change;
  /** The names of faults that must happen, whatever the seed. */
  readonly wicked?: readonly string[];
  /** Leaves out faults that were not requested, so that a known seed keeps its meaning when more faults are turned on. */
  readonly isPlain?: boolean;
}

export interface Run {
  readonly story: Story;
  readonly history: History;
  readonly faults: Faults;
  /** How each operation ended. */
  readonly outcomes: readonly string[];
}

/** Runs a story. */
export async function play(story: Story): Promise<Run> {
  const { scenario, change } = story;
  const random = new Random(story.seed);
  const clock = new Clock();
  const history = new History(clock);
  const faults = new Faults(clock, story.faults ?? noFaults());
  const lambda = new Lambda(clock, random.fork('lambda'), faults, history, change);
  const cloudFormation = new CloudFormation(clock, random.fork('cloudformation'), faults, history);
  const lives = random.fork('lives');
  const [hours, outputs] = [random.fork('hours'), random.fork('outputs')];
  const nextLife = story.nextLife ?? ((request, containers) => {
    const life = drawLife(lives, containers, scenario.fargate, request.run?.SuccessExitCodes ?? [0]);
    const { TimeoutSeconds = 0, UsedAttributes = {} } = request.run ?? {};
    const names = outputsOf(UsedAttributes);
    const lasting = TimeoutSeconds > LONGEST_SERVICE_TIMEOUT_SECONDS && life.runs ? forHours(hours, life, TimeoutSeconds) : life;
    return names.length > 0 ? printing(outputs, lasting, names) : lasting;
  });
  lambda.ecs = new Ecs(clock, random.fork('ecs'), faults, history, scenario.families, scenario.consistency, nextLife);
  lambda.cloudFormation = cloudFormation;
  cloudFormation.lambda = lambda;

  const done = cloudFormation.run(scenario.operations);
  await clock.run();
  await done;
  return { story, history, faults, outcomes: cloudFormation.outcomes };
}

/** The story of a seed, with additional faults. */
function storyOf(seed: number, { change, wicked: wanted, isPlain }: Options = {}): Story {
  const random = new Random(seed);
  const ofWicked = random.fork('wicked');
  const wicked = drawWicked(ofWicked, wanted).filter(({ name }) => !isPlain || wanted?.includes(name));
  const drawn = drawScenario(random.fork('scenario'));
  const scenario = wicked.reduce((one, { change: changed, name }) => changed?.(ofWicked.fork(`scenario ${name}`), one) ?? one, drawn);
  const faults = drawFaults(random.fork('faults'));
  const ofHours = scenario.takesHours ? drawFaultsOfHours(random.fork('faults of hours')) : noFaults();
  const ofWorld = noFaults();
  wicked.forEach(({ add, name }) => add?.(ofWicked.fork(`faults ${name}`), ofWorld));
  return { seed, scenario, faults: together(together(ofWorld, faults), ofHours), change };
}

function together(one: FaultPlan, other: FaultPlan): FaultPlan {
  return {
    calls: [...one.calls, ...other.calls],
    placements: [...one.placements, ...other.placements],
    crashes: [...one.crashes, ...other.crashes],
    deliveries: [...one.deliveries, ...other.deliveries],
    quirks: { ...one.quirks, ...other.quirks },
  };
}

/** One run, and its violations. */
export async function simulate(seed: number, options: Options = {}): Promise<Run & { violations: Violation[] }> {
  const run = await play(storyOf(seed, options));
  return { ...run, violations: check(run) };
}

export function check(run: Run): Violation[] {
  return invariants.flatMap((invariant) => invariant.check(run).map((facts) => ({ invariant: invariant.name, ...facts })));
}
