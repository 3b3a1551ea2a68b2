import { App, CfnResource } from 'aws-cdk-lib';
import { Ground, Large, Way } from './app';
import { ours } from './ours';

const [size, rounds] = process.argv.slice(2);
const FEW = 10;
const MANY = 100;

/** Synthesizes the app with tasks. Returns the milliseconds of processor time, which other processes affect less than elapsed time. */
function synthesize(way: Way, count: number): { readonly took: number; readonly template: any } {
  const app = new App({ analyticsReporting: false, outdir: process.env.OUTDIR, context: { '@aws-cdk/core:stackResourceLimit': 0 } });
  global.gc!();
  const begin = process.cpuUsage();
  const run = way(size === 'large' ? new Large(app) : new Ground(app));
  for (let number = 1; number <= count; number++) {
    run(`Run${number}`);
  }
  const assembly = app.synth();
  const { user, system } = process.cpuUsage(begin);
  return { took: (user + system) / 1000, template: assembly.stacks[0].template };
}

/** Adds one task of the library, and copies of its resource without the library, to measure the part of the CDK itself. */
function byHand(template: any): Way {
  const { Type: type, Properties: properties, DependsOn } = Object.values<any>(template.Resources).find(({ Type }) => Type === 'Custom::EcsRunTask');
  return (ground) => {
    ours(ground)('First');
    const resources = ground.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
    const dependencies = resources.filter(({ logicalId }) => DependsOn.includes(ground.resolve(logicalId)));
    return (id) => {
      const resource = new CfnResource(ground, id, { type, properties });
      dependencies.forEach((dependency) => resource.addDependency(dependency));
    };
  };
}

const ways = { ours, byHand: byHand(synthesize(ours, 1).template) };
const least = { ours: [Infinity, Infinity], byHand: [Infinity, Infinity] };
for (let round = -2; round < Number(rounds); round++) { // Node.js still compiles in the first rounds
  for (const way of ['ours', 'byHand'] as const) {
    [FEW, MANY].forEach((count, index) => {
      const { took } = synthesize(ways[way], count);
      least[way][index] = round < 0 ? Infinity : Math.min(least[way][index], took);
    });
  }
}
const perTask = ([few, many]: number[]) => (many - few) / (MANY - FEW);
console.log(JSON.stringify({ ours: perTask(least.ours), byHand: perTask(least.byHand) }));
