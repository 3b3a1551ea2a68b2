import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../e2e/engine/folders';
import { installPackages } from '../../e2e/engine/packages';

/** From npm. Node.js is that of the function's runtime, whatever the machine has. */
const NPM = {
  'aws-lambda-ric': '3.3.0',
  'node-addon-api': '6.1.0',
  'node-api-headers': '1.9.0',
  [`node-linux-${process.arch}`]: '24.21.0',
};

/** From PyPI. Its wheel carries the emulator; nothing else of it is used. */
const SAM_CLI = 'aws-sam-cli==1.170.0';

const home = join(checkout, '.local', 'lambda');

/** AWS's own software around a function. */
export const runtime = {
  node: join(home, `node-linux-${process.arch}`, 'bin', 'node'),
  /** Hands events to the handler, and the handler's results back. */
  client: join(home, 'aws-lambda-ric', 'bin', 'index.mjs'),
  /** Plays the Lambda service: starts the runtime, and ends it at the time-out. */
  emulator: join(home, `aws-lambda-rie-${process.arch === 'x64' ? 'x86_64' : process.arch}`),
};

export function installRuntime(): void {
  const versions = JSON.stringify([NPM, SAM_CLI]);
  const stamp = join(home, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === versions) {
    return;
  }
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new Error('The Lambda Runtime Interface Emulator runs on Linux on x64 or arm64 only: run this suite there.');
  }
  console.log('  Installing the Lambda runtime, from npm and PyPI');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  try {
    installEmulator();
    installClient();
  } catch (error) {
    throw new Error(`The Lambda runtime could not be installed: ${(error as Error).message}`);
  }
  writeFileSync(stamp, versions);
}

function installEmulator(): void {
  if (!works('python3', ['-m', 'pip', '--version'])) {
    installPackages('The Lambda Runtime Interface Emulator', ['python3-pip']);
  }
  run('python3', ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', 'wheel', SAM_CLI]);
  run('python3', ['-c', `
import glob, pathlib, sys, zipfile
wheel = zipfile.ZipFile(glob.glob('wheel/*.whl')[0])
pathlib.Path(sys.argv[1]).write_bytes(wheel.read('samcli/local/rapid/' + sys.argv[1].split('/')[-1]))`, runtime.emulator]);
  chmodSync(runtime.emulator, 0o755);
  rmSync(join(home, 'wheel'), { recursive: true });
}

/**
 * The client has a native part. Its own install script builds libcurl as well, for minutes and with tools that few
 * machines have; this compiles the same sources against the machine's libcurl, for Node-API and so for any Node.js.
 */
function installClient(): void {
  const missing = [
    ...works('g++', ['--version']) ? [] : ['g++'],
    ...works('g++', ['-E', '-include', 'curl/curl.h', '-x', 'c++', '/dev/null']) ? [] : ['libcurl4-openssl-dev'],
  ];
  if (missing.length > 0) {
    installPackages("Lambda's runtime client", missing);
  }
  for (const [name, version] of Object.entries(NPM)) {
    run('npm', ['pack', '--silent', `${name}@${version}`]);
    unpack(`${name}-${version}.tgz`, name);
  }
  const client = join(home, 'aws-lambda-ric');
  const [, release] = /AWS_LAMBDA_CPP_RELEASE=(.*)/.exec(readFileSync(join(client, 'deps', 'versions'), 'utf8'))!;
  const library = 'aws-lambda-cpp';
  unpack(join(client, 'deps', `${library}-${release}.tar.gz`), library);
  rewrite(join(client, 'src', 'rapid-client.cc'), /^#include <(uv|v8|node)\.h>$/gm, ''); // which it does not use
  rewrite(join(home, library, 'src', 'version.cpp.in'), /@PROJECT_VERSION(_\w+)?@/g, (_, part) => part ? '0' : release);
  run('g++', [
    '-shared', '-fPIC', '-O1', '-std=c++17', '-DNODE_GYP_MODULE_NAME=rapid_client',
    ...[`${library}/include`, 'node-addon-api', 'node-api-headers/include'].map((folder) => `-I${folder}`),
    'aws-lambda-ric/src/rapid-client.cc',
    ...['logging.cpp', 'runtime.cpp'].map((file) => `${library}/src/${file}`),
    '-x', 'c++', `${library}/src/version.cpp.in`,
    '-lcurl', '-o', 'aws-lambda-ric/dist/rapid-client.node',
  ]);
}

function unpack(archive: string, folder: string): void {
  mkdirSync(join(home, folder));
  run('tar', ['--extract', '--gzip', '--no-same-owner', '--strip-components=1', '--directory', folder, '--file', archive]);
  rmSync(join(home, archive), { force: true });
}

function rewrite(file: string, pattern: RegExp, by: string | ((...match: string[]) => string)): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, by as string));
}

const works = (command: string, args: string[]): boolean => spawnSync(command, args).status === 0;

function run(command: string, args: string[]): void {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: home, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`${[command, ...args].join(' ')} failed.\n${error?.message ?? ''}${stdout}${stderr}`);
  }
}
