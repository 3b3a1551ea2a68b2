const now = () => Number(process.hrtime.bigint()) / 1e6;
const [what, argument] = process.argv.slice(2);

/* eslint-disable @typescript-eslint/no-require-imports -- what is measured is when they are loaded */

/** What an app with a cluster loads anyway. */
function loadCdk() {
  require('aws-cdk-lib');
  for (const module of ['ec2', 'ecs', 'iam', 'lambda', 'logs']) {
    Object.values(require(`aws-cdk-lib/aws-${module}`)); // its parts are loaded on first use
  }
}

if (what === 'import') {
  loadCdk();
  const begin = now();
  if (argument === 'with') {
    Object.values(require('cdk-ecs-run-task'));
  }
  console.log(JSON.stringify({ took: now() - begin }));
} else {
  const { App } = require('aws-cdk-lib');
  const { Ground } = require('./app');
  const { ours } = require('./ours');
  const { provider } = require('./alternatives/provider');
  const app = new App({ analyticsReporting: false, outdir: process.env.OUTDIR, context: { '@aws-cdk/core:stackResourceLimit': 0 } });
  const begin = now();
  const run = ({ ours, provider } as any)[what](new Ground(app));
  for (let number = 1; number <= Number(argument); number++) {
    run(`Run${number}`);
  }
  app.synth();
  console.log(JSON.stringify({ took: now() - begin }));
}
