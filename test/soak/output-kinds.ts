/** Destinations that are killed while they are written, and how an independent reader sees each. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openDuckDb } from '../export/duckdb.ts';
import { execute, type PostgresServer, startPostgres } from '../servers/postgres-server.ts';

export interface OutputKind {
  readonly name: string;
  /** What `-o` gets in a folder. */
  outputIn(folder: string): string;
  /** How names of files end that change while it is written; null where none does. */
  readonly suffix: string | null;
  /** Adds what is no table of ours and must stay; called once, when the first output is there. */
  addStranger(folder: string): void;
  /** All that a reader finds, in one text; null where there is nothing. Throws where it is not whole. */
  read(folder: string): Promise<string | null>;
  /** Keeps what is there; the function puts it back. */
  save(folder: string): Promise<() => void>;
}

/** A file, whose bytes are the same for the same records. */
function fileKind(name: string): OutputKind {
  const output = `items.${name}`;
  return {
    name,
    outputIn: () => output,
    suffix: '.everypage.tmp',
    addStranger() {},
    async read(folder) {
      const path = join(folder, output);
      return existsSync(path)
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : null;
    },
    save: async (folder) => savedFile(folder, output),
  };
}

const sqlite: OutputKind = {
  ...fileKind('db'),
  suffix: '.db-journal',
  addStranger(folder) {
    const database = new DatabaseSync(join(folder, 'items.db'));
    database.exec("CREATE TABLE stranger AS SELECT 'stays' AS word");
    database.close();
  },
  async read(folder) {
    const path = join(folder, 'items.db');
    if (!existsSync(path)) return null;
    // Whoever opens it next takes back what a killed writer began.
    const database = new DatabaseSync(path);
    try {
      const all = (sql: string) => {
        const statement = database.prepare(sql);
        statement.setReadBigInts(true);
        return statement.all();
      };
      return textOf([
        all('PRAGMA integrity_check'),
        all('SELECT * FROM pages'),
        all('SELECT * FROM stranger'),
      ]);
    } finally {
      database.close();
    }
  },
};

async function duckdb(): Promise<OutputKind | null> {
  const reader = await openDuckDb();
  if (reader === null) return null;
  return {
    ...fileKind('duckdb'),
    suffix: '.wal',
    async read(folder) {
      const path = join(folder, 'items.duckdb');
      if (!existsSync(path)) return null;
      // Cases side by side share the reader.
      const name = basename(folder).replaceAll('-', '_');
      await reader.rows(`ATTACH '${path}' AS ${name}`);
      try {
        return textOf(await reader.rows(`SELECT * FROM ${name}.pages`));
      } finally {
        await reader.rows(`DETACH ${name}`);
      }
    },
  };
}

/** A table of a server, one for each folder. */
function postgresKind(server: PostgresServer): OutputKind {
  const tableOf = (folder: string) => basename(folder).replaceAll('-', '_');
  return {
    name: 'postgres',
    outputIn(folder) {
      const { url } = server;
      return `${url}${url.includes('?') ? '&' : '?'}table=${tableOf(folder)}`;
    },
    suffix: null,
    addStranger: (folder) => execute(server, `CREATE TABLE stranger_${tableOf(folder)} (id int)`),
    async read(folder) {
      const table = tableOf(folder);
      const [[found]] = server.rows(`SELECT to_regclass('${table}')`) as [[string | null]];
      if (found === null) return null;
      const others = server.rows(`SELECT count(*) FROM stranger_${table}`);
      return textOf([server.rows(`SELECT * FROM ${table} ORDER BY id`), others]);
    },
    async save(folder) {
      const table = tableOf(folder);
      execute(server, `CREATE TABLE saved_${table} AS TABLE ${table}`);
      const restore = `BEGIN; TRUNCATE ${table}; INSERT INTO ${table} TABLE saved_${table}; COMMIT`;
      return () => execute(server, restore);
    },
  };
}

function textOf(rows: unknown): string {
  return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

/** Files of a database that its journal or log stands beside. */
function savedFile(folder: string, output: string): () => void {
  const saved = readFileSync(join(folder, output));
  return () => {
    for (const name of readdirSync(folder)) {
      const isBeside = name.startsWith(output) && !name.includes('.everypage');
      if (isBeside || name.endsWith('.everypage.tmp')) rmSync(join(folder, name));
    }
    writeFileSync(join(folder, output), saved);
  };
}

/** Those that this machine has. */
export async function outputKinds(): Promise<OutputKind[]> {
  const files = ['ndjson', 'json', 'csv', 'csv.gz', 'ndjson.zst', 'parquet'].map(fileKind);
  const found = [...files, sqlite, await duckdb()];
  return found.filter((kind) => kind !== null);
}

/** A table of a server that is started for it; the function stops that. `skipPostgres` says whether it can be. */
export async function postgresOutput(): Promise<{ kind: OutputKind; stop: () => Promise<void> }> {
  const server = await startPostgres();
  return { kind: postgresKind(server), stop: () => server.stop() };
}
