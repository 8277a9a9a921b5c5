/** A list that pages by itself, read by one machine and by several: the workers run in this process, over a real queue. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { runOver } from '../../src/api/run.ts';
import { QueueConnection, readQueueAddress } from '../../src/cluster/connect.ts';
import { bringByQueue } from '../../src/cluster/coordinate.ts';
import { FolderHome } from '../../src/cluster/folder-home.ts';
import type { RunRecord } from '../../src/cluster/run-record.ts';
import { PartStore } from '../../src/cluster/store.ts';
import { slicesOf, work } from '../../src/cluster/worker.ts';
import { prepare } from '../../src/fetch/prepare.ts';
import { createTransport } from '../../src/http/create-transport.ts';
import type { RunOptions, Summary } from '../../src/index.ts';
import type { PlanSource } from '../../src/plan/plan.ts';
import { temporaryFolder } from '../run/run-cli.ts';
import { type RedisProcess, startRedis } from './redis-process.ts';

let shared: Promise<RedisProcess> | null = null;
after(async () => (await shared)?.close());

/** All that clients tell the queue from now on, as text. */
export async function watchQueue(t: TestContext): Promise<() => string> {
  shared ??= startRedis();
  const socket = connect((await shared).port, '127.0.0.1');
  t.after(() => socket.destroy());
  let text = '';
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  socket.write('MONITOR\r\n');
  await once(socket, 'data');
  return () => text;
}

export interface Readings {
  readonly folder: string;
  readonly alone: Summary;
  readonly together: Summary;
  /** Workers that stored pages; the coordinator stores what detection asked for. */
  readonly who: ReadonlySet<string>;
}

export interface Asked {
  readonly url: string;
  readonly options: RunOptions;
  readonly workers?: number;
  /** Between the two readings. */
  readonly between?: () => void;
}

/** Reads a list alone, then with workers. */
export async function readTwice(t: TestContext, asked: Asked): Promise<Readings> {
  const { url, options, workers = 3, between } = asked;
  const folder = temporaryFolder(t);
  const sources: readonly PlanSource[] = [{ kind: 'template', text: url }];
  const output = (name: string): RunOptions => ({
    output: join(folder, name),
    allowIncomplete: true,
    ...options,
  });
  const alone = await runOver(createTransport, sources, output('alone.ndjson'));
  between?.();
  shared ??= startRedis();
  const address = readQueueAddress((await shared).url, {});
  const connection = await QueueConnection.open(address, () => {});
  t.after(() => connection.close());
  const store = join(folder, 'store');
  const workFor = async (record: RunRecord, signal: AbortSignal): Promise<void> => {
    const own = await QueueConnection.open(address, () => {});
    const job = await prepare(sources, options);
    const parts = await PartStore.join(new FolderHome(store), record);
    const slices = slicesOf(record, parts, sources, job);
    const makeTransport = createTransport;
    await work({ connection: own, record, store: parts, slices, job, makeTransport, signal });
    own.close();
  };
  const together = await runOver(
    createTransport,
    sources,
    output('together.ndjson'),
    async (parts) => {
      const working: Promise<void>[] = [];
      const leaving = new AbortController();
      try {
        return await bringByQueue(
          {
            ...{ connection, sources, home: new FolderHome(store) },
            words: [],
            isReadAgain: options.prove === true,
            works: false,
            makeTransport: createTransport,
            onBegun: (record) => {
              for (let count = 0; count < workers; count += 1) {
                working.push(workFor(record, leaving.signal));
              }
            },
          },
          parts,
        );
      } finally {
        leaving.abort();
        await Promise.all(working);
      }
    },
  );
  const parts = join(store, 'parts');
  const names = existsSync(parts) ? readdirSync(parts) : [];
  const who = new Set(names.map((name) => name.split('-')[0]!));
  return { folder, alone, together, who };
}

/** The same bytes, and the same verdict in every word. */
export function assertAlike({ folder, alone, together }: Readings): void {
  assert.deepEqual(together.verdict, alone.verdict);
  const read = (name: string): string | null => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  };
  assert.ok(read('together.ndjson') === read('alone.ndjson'), 'the bytes differ');
  assert.deepEqual(together.pagination, alone.pagination);
}
