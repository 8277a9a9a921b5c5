/** A PostgreSQL of a test's own, on a socket in a folder of its own; and `psql`, which reads what we wrote. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chownSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface PostgresServer {
  /** For `-o`: the database `postgres`, as its superuser. */
  readonly url: string;
  /** The folder of its socket. */
  readonly folder: string;
  /** What the server logs of its clients. */
  log(): string;
  /** Rows of text, null for NULL. */
  rows(sql: string, database?: string): (string | null)[][];
  /** The process that listens. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Newest version first, as Debian has them beside each other. */
function binaries(): string | null {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb').sort((a, b) =>
    b.localeCompare(a, 'en', { numeric: true }),
  )[0];
  if (found !== undefined) return found.replace(/initdb$/, '');
  try {
    execFileSync('initdb', ['--version'], { stdio: 'ignore' });
    return '';
  } catch {
    return null;
  }
}

const BIN = binaries();

/** Why no server can be started; false where one can. */
export const skipPostgres: string | false =
  BIN === null ? 'PostgreSQL is not installed: apt-get install postgresql' : false;

/** Root may not run the server; Debian's package has made a user for it. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (what: string): number => Number(execFileSync('id', [what, 'postgres']));
  return { uid: id('-u'), gid: id('-g') };
}

/** Starts an empty server. It keeps nothing safe from a power cut, so it is fast. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-pg-'));
  const user = serverUser();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid!);
  const data = join(folder, 'data');
  const options = { ...user, cwd: folder, stdio: 'ignore' as const };
  execFileSync(
    `${BIN}initdb`,
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    options,
  );
  const rules = join(data, 'pg_hba.conf');
  writeFileSync(rules, `local secured app scram-sha-256\n${readFileSync(rules, 'utf8')}`);
  appendFileSync(
    join(data, 'postgresql.conf'),
    `listen_addresses = ''\nunix_socket_directories = '${folder}'\nfsync = off\nfull_page_writes = off\n` +
      `shared_buffers = 16MB\nlog_line_prefix = '%a '\nlog_statement = ddl\n`,
  );
  const log = join(folder, 'log');
  const server = spawn(`${BIN}postgres`, ['-D', data], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (bytes: Buffer) => appendFileSync(log, bytes));
  }
  // Its last words may come after its end.
  const closed = once(server, 'close');
  const rows = (sql: string, database = 'postgres'): (string | null)[][] => {
    const text = execFileSync(
      `${BIN}psql`,
      ['-X', '-q', '-h', folder, '-U', 'postgres', '-d', database, '-c', `COPY (${sql}) TO STDOUT`],
      { encoding: 'utf8', maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t').map(uncopied));
  };
  for (let tries = 0; ; tries += 1) {
    try {
      rows('SELECT 1');
      break;
    } catch (error) {
      if (tries >= 200) throw error;
      await wait(50);
    }
  }
  return {
    url: `postgres://postgres@/postgres?host=${folder}`,
    folder,
    pid: server.pid!,
    rows,
    log: () => readFileSync(log, 'utf8'),
    async stop() {
      server.kill('SIGQUIT');
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs statements that give no rows. */
export function execute({ folder }: PostgresServer, sql: string): void {
  execFileSync(
    `${BIN}psql`,
    ['-X', '-q', '-h', folder, '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-c', sql],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
}

function uncopied(text: string): string | null {
  if (text === '\\N') return null;
  const escapes: Readonly<Record<string, string>> = {
    n: '\n',
    r: '\r',
    t: '\t',
    b: '\b',
    f: '\f',
    v: '\v',
  };
  return text.replaceAll(/\\(.)/gs, (_, it: string) => escapes[it] ?? it);
}
