import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folders, socketPath } from './folders';
import { postgresTools } from './packages';
import { launch, untilReady } from './processes';

const USER = 'shop';
const SOCKET_FOLDER_IN_CONTAINER = '/var/run/postgresql';

/**
 * A PostgreSQL server with its own data, in the run folder. It listens on a Unix socket alone: a folder can be mounted
 * into a container of Docker and of Podman alike, while loopback is another one in there.
 */
export class Postgres {
  static async start(): Promise<Postgres> {
    const tools = postgresTools();
    const server = new Postgres(tools, randomBytes(12).toString('hex'));
    const data = join(folders.run, 'postgres-data');
    const passwordFile = join(folders.run, 'postgres-password');
    mkdirSync(server.socketFolder, { recursive: true });
    writeFileSync(passwordFile, server.password, { mode: 0o600 });
    const [initdb, ...initdbArgs] = asNonRoot(join(tools, 'initdb'), '--pgdata', data, '--username', USER, '--pwfile', passwordFile,
      '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync');
    execFileSync(initdb, initdbArgs, { stdio: ['ignore', 'ignore', 'inherit'] });
    const [postgres, ...args] = asNonRoot(join(tools, 'postgres'), '-D', data, '-k', server.socketFolder, '-c', 'listen_addresses=');
    const process = launch({ name: 'postgres', command: postgres, args, stopSignal: 'SIGINT' }); // which means at once
    await untilReady('postgres', process, () => server.answers());
    return server;
  }

  readonly socketFolder = socketPath('postgres');

  /** The address of the database from within a container that has the socket's folder mounted. */
  readonly urlInContainer: string;

  private constructor(private readonly tools: string, private readonly password: string) {
    socketPath('postgres', '.s.PGSQL.5432');
    this.urlInContainer = `postgresql://${USER}:${password}@/postgres?host=${SOCKET_FOLDER_IN_CONTAINER}`;
  }

  /** The rows of a query, a line each. */
  query(sql: string): string[] {
    const rows = this.run('psql', '--no-psqlrc', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1', '--command', sql);
    return rows.split('\n').filter(Boolean);
  }

  /** All tables and all rows as text: equal texts, equal databases. */
  dump(): string {
    return this.run('pg_dump').replace(/^\\(un)?restrict .*$/gm, ''); // a random word in newer versions
  }

  private answers(): boolean {
    try {
      return this.query('SELECT 1').length === 1;
    } catch {
      return false;
    }
  }

  private run(tool: string, ...args: string[]): string {
    return execFileSync(join(this.tools, tool), ['--host', this.socketFolder, '--username', USER, ...args, 'postgres'], {
      encoding: 'utf8', env: { PGPASSWORD: this.password }, stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

/**
 * PostgreSQL refuses to run as root. In a user namespace root has another id and still reaches the checkout, which
 * another user might not.
 */
function asNonRoot(...command: string[]): string[] {
  if (process.getuid?.() !== 0) {
    return command;
  }
  const id = execFileSync('id', ['--user', 'nobody'], { encoding: 'utf8' }).trim();
  return ['unshare', '--user', `--map-user=${id}`, `--map-group=${id}`, ...command];
}
