import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../e2e/engine/folders';

const dist = join(checkout, '.local', 'release', 'dist');
if (!existsSync(dist)) {
  throw new Error('There are no packages to test: build them with "npm run release:dry".');
}

export const version = readFileSync(join(dist, 'version.txt'), 'utf8').trim();

/** What is published; of .NET what it is compiled from. */
export const packages = {
  npm: join(dist, 'js', `cdk-ecs-run-task@${version}.jsii.tgz`),
  wheel: join(dist, 'python', `cdk_ecs_run_task-${version}-py3-none-any.whl`),
  sdist: join(dist, 'python', `cdk_ecs_run_task-${version}.tar.gz`),
  jar: join(dist, 'java', 'io', 'github', 'cdkecsruntask', 'cdk-ecs-run-task', version, `cdk-ecs-run-task-${version}.jar`),
  go: join(dist, 'go'),
  dotnet: join(dist, 'dotnet'),
};
