/**
 * cluster/: many machines work on one run. A queue on Redis or Valkey hands out ranges of pages, holds the
 * shared limit and knows which pages are done; the pages themselves stand in a store that all machines
 * reach, as archives of a few hundred pages (parts). What is fetched, how and how fast is said by the layers
 * below, as on one machine. It may import all of them; this file names the keys.
 */
import { hash } from 'node:crypto';

/** Counts up when workers of an older everypage could not work for a run correctly. */
export const QUEUE_FORMAT = 1;

/** All runs that the queue knows. */
export const RUNS_KEY = 'everypage:runs';

/** Where pauses and changes of a run's state are published. */
export const NEWS_CHANNEL = 'everypage:news';

/** The name of BullMQ's queue; its keys begin with `prefix`. */
export const QUEUE_NAME = 'chunks';

export interface RunKeys {
  /** One slot of a Redis cluster for all of a run: scripts change several keys at once. */
  readonly prefix: string;
  readonly run: string;
  /** A bit for each page that is stored, and for each that failed. No page is in both. */
  readonly done: string;
  readonly failed: string;
  /** The parts that count, in the order in which they were committed. */
  readonly parts: string;
  /** Who fills the queue. */
  readonly keeper: string;
  /** Who writes the output. */
  readonly coordinator: string;
  /** When each worker was last there. */
  readonly workers: string;
  /** How many requests each worker may have in flight. */
  readonly shares: string;
}

export function runKeys(id: string): RunKeys {
  const prefix = `{everypage:${id}}`;
  return {
    prefix,
    run: `${prefix}:run`,
    done: `${prefix}:done`,
    failed: `${prefix}:failed`,
    parts: `${prefix}:parts`,
    keeper: `${prefix}:keeper`,
    coordinator: `${prefix}:coordinator`,
    workers: `${prefix}:workers`,
    shares: `${prefix}:shares`,
  };
}

/** What all workers of all runs know of one limiter (`https://host`): a hash, what workers tell, and starts by worker. */
export interface GateKeys {
  readonly gate: string;
  readonly reports: string;
  readonly starts: string;
}

/** Names of limiters hold no credential. */
export function gateKeys(limiter: string): GateKeys {
  const gate = `{everypage:gate:${hash('sha256', limiter).slice(0, 24)}}`;
  return { gate, reports: `${gate}:reports`, starts: `${gate}:starts` };
}

/** Who has a job: BullMQ keeps the worker's token there. */
export function lockKey({ prefix }: RunKeys, job: string): string {
  return `${prefix}:${QUEUE_NAME}:${job}:lock`;
}
