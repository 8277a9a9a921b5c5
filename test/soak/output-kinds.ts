/** Destinations that are killed while they are written, and how an independent reader sees each. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { formatNames } from '../../src/core/options.ts';
import { openDuckDb } from '../export/duckdb.ts';

export interface OutputKind {
  readonly name: string;
  /** What `-o` gets, from the folder that the command runs in. */
  readonly output: string;
  /** How names of files end that change while it is written. */
  readonly suffix: string;
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
    output,
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

const databaseFile = fileKind('db');

const sqlite: OutputKind = {
  ...databaseFile,
  suffix: '.db-journal',
  addStranger(folder) {
    const database = new DatabaseSync(join(folder, databaseFile.output));
    database.exec("CREATE TABLE stranger AS SELECT 'stays' AS word");
    database.close();
  },
  async read(folder) {
    const path = join(folder, databaseFile.output);
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
  const isFormat = (formatNames as readonly string[]).includes('duckdb');
  const reader = isFormat ? await openDuckDb() : null;
  if (reader === null) return null;
  const file = fileKind('duckdb');
  return {
    ...file,
    suffix: '.wal',
    async read(folder) {
      const path = join(folder, file.output);
      if (!existsSync(path)) return null;
      await reader.rows(`ATTACH '${path}' AS written`);
      try {
        return textOf(await reader.rows('SELECT * FROM written.pages'));
      } finally {
        await reader.rows('DETACH written');
      }
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
export async function outputKinds(): Promise<readonly OutputKind[]> {
  const files = ['ndjson', 'json', 'csv', 'csv.gz', 'ndjson.zst', 'parquet'].map(fileKind);
  const found = [...files, sqlite, await duckdb()];
  return found.filter((kind) => kind !== null);
}
