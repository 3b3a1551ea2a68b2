// What: deploys the database migration of this folder with the real `cdk` CLI, on this machine alone: first one that
//   works, then one that fails, then the first one again, and at last destroys it all. Every claim it prints is checked.
// Why: to see what a deployment does and says, before it touches an AWS account.
//   If the local engines are not available, it runs the same deployments on the simulation's engine, and prints that.
// Cost: nothing. Under 3 minutes once downloads are done. It leaves nothing running.
// Run: npm run demo, or npm run demo -- --picture to draw docs/images/failed-deployment-*.svg, too
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { drawFailure } from './picture';
import { clusterOfShop, describeService, isUnchanged, makeImages, migrationsRun, stackStatus, tables, Version } from './shop';
import { simulatedStory } from './simulated';
import { check, endOfOutput, inOneLine, printSummary, say, show, step } from './story';
import type { Colors } from '../../test/e2e/engine/cdk';
import { NotAvailable } from '../../test/e2e/engine/containers';
import { Engine, startEngine } from '../../test/e2e/engine/engine';
import { folders } from '../../test/e2e/engine/folders';
import { Postgres } from '../../test/e2e/engine/postgres';

const drawsPicture = process.argv.includes('--picture');

async function demo(): Promise<void> {
  let engine: Engine | undefined;
  try {
    engine = await step('Set up the local engines', startEngine);
    await story(engine);
  } finally {
    await engine?.stop();
  }
  printSummary();
  say('\nThe demo left nothing running.');
}

async function story(engine: Engine): Promise<void> {
  say(`CloudFormation, Lambda and ECS: MiniStack at ${engine.endpoint}. Containers: ${await engine.docker.version()}.`);

  const { database, works, breaks } = await step('Start PostgreSQL, and make the images', async () =>
    ({ database: await Postgres.start(), ...await makeImages(engine) }));
  say(database.query('SELECT version()')[0]);
  check('the database is empty', tables(database).length === 0);

  const cdk = (version: Version, command: string[], colors?: Colors) => {
    const context = { ...version, databaseUrl: database.urlInContainer, databaseSocket: database.socketFolder };
    return engine.cdk([
      ...command,
      '--progress', 'events',
      '--output', join(folders.run, 'cdk.out'),
      ...Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`]),
    ], __dirname, colors);
  };
  const deploy = (version: Version, colors?: Colors) => cdk(version, ['deploy', '--require-approval', 'never'], colors);

  const bootstrap = await step('cdk bootstrap', () => engine.bootstrap());
  check('the CLI ends with 0', bootstrap.status === 0, bootstrap.output);

  const first = await step('cdk deploy: the migration works', () => deploy(works));
  check('the CLI ends with 0', first.status === 0, first.output);
  check('the stack is CREATE_COMPLETE', await stackStatus() === 'CREATE_COMPLETE');
  check('the tables are in the database', tables(database).join() === 'customers,orders,schema_migrations', tables(database).join());
  const cluster = await clusterOfShop();
  check('one task ran', await migrationsRun(cluster) === 1);
  const service = await describeService(cluster);
  const migratedAt = Number(database.query('SELECT floor(extract(epoch FROM max(applied_at))) FROM schema_migrations')[0]);
  check('the service came after it', service.createdAt!.getTime() >= migratedAt * 1000);
  show(database.query("SELECT name || '  applied at ' || applied_at FROM schema_migrations ORDER BY name"));

  say("Now the shop takes an order, which no developer's database has:");
  database.query(`
    INSERT INTO customers (email) VALUES ('ada@example.com');
    INSERT INTO orders (customer_id, total_cents) VALUES (1, 4200);`);
  show(database.query("SELECT 'order ' || id || ' of ' || total_cents || ' cents' FROM orders"));
  const before = database.dump();

  const failed = await step('cdk deploy: the next version brings a migration that fails on that order', () => deploy(breaks, { FORCE_COLOR: '1' }));
  const second = { ...failed, output: stripVTControlCharacters(failed.output) };
  say('What a user sees:');
  show(endOfOutput(second.output));
  check('the CLI ends with 1', second.status === 1, second.output);
  check('it names the container and its exit code', inOneLine(second.output).includes('Container "migrate" exited with code 3.'));
  check("it shows the database's own words", inOneLine(second.output).includes('column "currency" of relation "orders" contains null values'));
  check('the stack is UPDATE_ROLLBACK_COMPLETE', await stackStatus() === 'UPDATE_ROLLBACK_COMPLETE');
  check('the broken migration ran once, and the old one was not run again', await migrationsRun(cluster) === 2);
  check('the service was not touched', isUnchanged(service, await describeService(cluster)));
  check('the database is as it was', database.dump() === before);
  if (drawsPicture) {
    drawFailure(failed.output);
    say('docs/images/failed-deployment-*.svg show this output.');
  }

  const third = await step('cdk deploy: back to the version that works, nothing to change', () => deploy(works));
  check('the CLI ends with 0', third.status === 0, third.output);
  check('it says "no changes"', third.output.includes('(no changes)'), third.output);
  check('no task ran', await migrationsRun(cluster) === 2);

  const destroy = await step('cdk destroy', () => cdk(works, ['destroy', '--force']));
  check('the CLI ends with 0', destroy.status === 0, destroy.output);
  check('the stack is gone', await stackStatus() === 'gone');
  check('no task ran', await migrationsRun(cluster) === 2);
  check('the database, which is not part of the stack, is as it was', database.dump() === before);
}

async function demoOrSimulation(): Promise<void> {
  try {
    await demo();
  } catch (error) {
    if (!(error instanceof NotAvailable) || drawsPicture) { // a picture shows no simulation
      throw error;
    }
    say(`\n${error.inShort} WHAT FOLLOWS IS A SIMULATION: no CLI, no containers, no database, virtual time; `
      + 'the construct, its synthesized template and the code of the handler are real.');
    await simulatedStory();
    printSummary();
    say(`\nIT WAS A SIMULATION. ${error.inShort}`);
  }
}

demoOrSimulation().catch((error) => {
  console.error(`\nThe demo failed: ${error.message}`);
  process.exitCode = 1;
});
