import { Command, Option } from 'commander';
import { CHECKS } from './checks';
import { say, sayError, sayPlan } from './terminal';
import { cleanUpRun, verify } from './verify';

interface Options {
  readonly list?: boolean;
  readonly check?: string[];
  readonly resume?: boolean;
  readonly cleanUp?: string;
  readonly yes?: boolean;
  readonly image: string;
}

const program = new Command('npm run verify:account --')
  .description('Checks on an AWS account what the code assumes about AWS, with the CDK CLI and the AWS SDK. Finds credentials and Region like the CDK CLI.')
  .option('--list', 'show what would be checked, how long it takes and what it costs; needs no account')
  .option('--check <ids...>', `run only these checks: ${CHECKS.map(({ id }) => id).join(', ')}`)
  .addOption(new Option('--resume', 'continue a run that was interrupted').conflicts(['check', 'list']))
  .addOption(new Option('--clean-up <run>', 'delete what a run created').conflicts(['check', 'resume', 'list']))
  .option('--yes', 'do not ask before creating resources')
  .option('--image <image>', 'an image with a shell, for the tasks', 'public.ecr.aws/docker/library/busybox:stable')
  .addHelpText('after', '\nExit code: 0 if no assumption was refuted, 2 if one was, 1 if the run failed or did not delete everything.');

async function main(): Promise<number> {
  const { list, check: ids, resume = false, cleanUp, yes = false, image } = program.parse().opts<Options>();
  const unknown = ids?.filter((id) => !CHECKS.some((check) => check.id === id)) ?? [];
  if (unknown.length > 0) {
    program.error(`There is no check ${unknown.join(', ')}. The checks are: ${CHECKS.map(({ id }) => id).join(', ')}.`);
  }
  const checks = CHECKS.filter(({ id }) => ids?.includes(id) ?? true);
  if (list) {
    sayPlan(checks);
    return 0;
  }
  return cleanUp ? cleanUpRun(cleanUp) : verify({ checks, image, resume, yes });
}

process.on('SIGINT', () => {
  say('\nInterrupted. What was created is still in the account: continue with --resume.');
  process.exit(130);
});

main().then(
  (code) => { process.exitCode = code; },
  (error) => {
    sayError(error instanceof Error ? error.message : String(error));
    say('What was created is still in the account: continue with --resume.');
    process.exitCode = 1;
  },
);
