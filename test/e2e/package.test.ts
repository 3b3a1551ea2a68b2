import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const { peerDependencies, version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
const TARBALL = path.join(ROOT, 'dist', 'js', `cdk-ecs-run-task@${version}.jsii.tgz`);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk-ecs-run-task-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

test('the package holds the library, the handler and their documentation, and no more', () => {
  const files = run('tar', '--list', '--file', TARBALL).trim().split('\n').map((file) => file.replace(/^package\//, ''));
  const outside = files.filter((file) => !/^lib\/[a-z-]+(\.d\.ts|\.js)$/.test(file));
  expect(outside.sort()).toEqual(['.jsii', 'API.md', 'LICENSE', 'README.md', 'assets/lambda/handler/index.js', 'package.json']);
  expect(fs.statSync(TARBALL).size).toBeLessThan(500_000);
});

test('the package needs nothing but its peers', () => {
  const manifest = JSON.parse(run('tar', '--extract', '--to-stdout', '--file', TARBALL, 'package/package.json'));
  expect(Object.keys(manifest.peerDependencies)).toEqual(['aws-cdk-lib', 'constructs']);
  expect(manifest.dependencies ?? {}).toEqual({});
});

test('an app with the lowest versions that the package allows compiles and synthesizes', () => {
  const lowest = Object.entries<string>(peerDependencies).map(([name, range]) => `${name}@${range.replace('^', '')}`);
  fs.writeFileSync(path.join(folder, 'package.json'), '{}');
  run('npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', TARBALL, ...lowest);
  fs.writeFileSync(path.join(folder, 'app.ts'), `
    import { App, Stack } from 'aws-cdk-lib';
    import * as ec2 from 'aws-cdk-lib/aws-ec2';
    import * as ecs from 'aws-cdk-lib/aws-ecs';
    import { RunTask } from 'cdk-ecs-run-task';

    const stack = new Stack(new App({ outdir: 'cdk.out' }), 'Shop');
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc: new ec2.Vpc(stack, 'Vpc') });
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('alpine') });
    new RunTask(stack, 'Task', { cluster, taskDefinition });
    (stack.node.root as App).synth();
  `);
  // With the declarations checked too: those of the package must not need a package that its users do not have.
  run(path.join(ROOT, 'node_modules', '.bin', 'tsc'),
    '--strict', '--module', 'node16', '--moduleResolution', 'node16', '--target', 'es2022', '--types', 'node', '--typeRoots', path.join(ROOT, 'node_modules', '@types'), 'app.ts');
  run(process.execPath, 'app.js');

  const template = JSON.parse(fs.readFileSync(path.join(folder, 'cdk.out', 'Shop.template.json'), 'utf8'));
  const types = Object.values<{ Type: string }>(template.Resources).map(({ Type }) => Type);
  expect(types).toContain('Custom::EcsRunTask');
});
