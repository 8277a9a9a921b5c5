/** A PostgreSQL of its own for one server, with the list in it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CannotInstall } from './install.ts';
import { items } from './items.ts';
import { environment, startOnPort } from './start-server.ts';
import { unpackDebian } from './unpack-debian.ts';

export interface Postgres {
  readonly url: string;
  /** Runs SQL, with nothing read back. */
  sql(text: string): void;
  stop(): Promise<void>;
}

/** PostgreSQL does not run as root. */
const NOBODY = 65_534;

/** A table `things`, with what the items hold besides their owners. */
const TABLE = `create table things (
  id integer primary key, title text not null, cents integer not null, parent text
);`;

export const things = items.map(({ title, price, parent }, index) => ({
  id: index + 1,
  title,
  cents: price * 100,
  parent,
}));

export async function startPostgres(folder: string): Promise<Postgres> {
  const { root } = unpackDebian(['postgresql']);
  const bin = binaries('/') ?? binaries(root);
  if (bin === null) throw new CannotInstall('PostgreSQL is not there');
  const data = join(folder, 'postgres');
  mkdirSync(data);
  const isRoot = process.getuid?.() === 0;
  const own = isRoot ? { uid: NOBODY } : {};
  if (isRoot) {
    chownSync(data, NOBODY, NOBODY);
    for (const path of [folder, dirname(folder)]) chmodSync(path, 0o711);
  }
  const env = { ...environment, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  const args = ['-D', data, '-U', 'peer', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
  const quiet = { cwd: data, env, stdio: 'pipe', timeout: 300_000 } as const;
  execFileSync(join(bin, 'initdb'), args, { ...quiet, ...own });
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  const { port, stop } = await startOnPort((free) => ({
    command: join(bin, 'postgres'),
    args: ['-D', data, ...[...settings, `port=${free}`].flatMap((one) => ['-c', one])],
    cwd: data,
    env,
    ...own,
  }));
  const url = `postgres://peer@127.0.0.1:${port}/postgres`;
  const sql = (text: string): void => {
    const flags = ['-q', '-v', 'ON_ERROR_STOP=1', '-f', '-', url];
    execFileSync(join(bin, 'psql'), flags, { input: text, env, timeout: 60_000 });
  };
  const json = JSON.stringify(things).replaceAll("'", "''");
  sql(
    `${TABLE} insert into things select * from json_populate_recordset(null::things, '${json}');`,
  );
  return { url, sql, stop };
}

function binaries(root: string): string | null {
  const versions = join(root, 'usr/lib/postgresql');
  const version = existsSync(versions) ? readdirSync(versions).sort().at(-1) : undefined;
  return version === undefined ? null : join(versions, version, 'bin');
}
