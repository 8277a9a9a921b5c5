/** What tests of the engine's parts share: time that stands still, pages, and answers without a network. */
import { mock } from 'node:test';
import type { Clock } from '../../src/core/clock.ts';
import { noHint } from '../../src/core/hint.ts';
import { KnownCredentials } from '../../src/core/known-credentials.ts';
import type { RunOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/resolve-options.ts';
import { Dispatcher } from '../../src/fetch/dispatcher.ts';
import { LimiterRegistry } from '../../src/fetch/limiter-registry.ts';
import type { PageSink } from '../../src/fetch/page-flow.ts';
import { PauseMonitor } from '../../src/fetch/pause-monitor.ts';
import {
  type AttemptResult,
  createTask,
  type FinalAttempt,
  type Task,
} from '../../src/fetch/task.ts';
import { classifyFault, classifyResponse } from '../../src/http/outcome.ts';
import { TransportError, type TransportFault } from '../../src/http/transport.ts';
import type { RunEvent } from '../../src/index.ts';

/** Timers and the clock move together, and only when they are told to. */
export class FakeClock implements Clock {
  #now = 1_000_000;

  now = (): number => this.#now;
  wallTime = (): number => this.#now;

  /** Lets everything that is due run, in steps, so that what follows from it runs too. */
  async advance(ms: number, stepMs = 10): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      const step = Math.min(left, stepMs);
      this.#now += step;
      mock.timers.tick(step);
      await settle();
    }
  }
}

/** Runs what is ready, and what becomes ready by it. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

export function pageTask(position: number, isGuess = false): Task {
  const request = {
    place: { branch: 0, position },
    method: 'GET',
    url: `https://a.example/items?page=${position + 1}`,
    body: null,
    source: null,
  } as const;
  return createTask(request, new KnownCredentials([], []), isGuess);
}

export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = '[]',
): AttemptResult {
  const hint =
    headers['retry-after'] === undefined
      ? noHint
      : { waitMs: Number(headers['retry-after']) * 1000, limits: [] };
  const response = {
    status,
    headers,
    chunks: [Buffer.from(body)],
    bodyBytes: body.length,
    protocol: 'HTTP/2',
  } as const;
  return { outcome: classifyResponse(status, headers, 0, hint), response, fault: null, hint };
}

export function fault(kind: TransportFault): AttemptResult {
  const outcome = classifyFault(new TransportError(kind, kind));
  return { outcome, response: null, fault: kind, hint: null };
}

export interface Kept {
  readonly task: Task;
  readonly final: FinalAttempt;
}

/** Takes pages and is done with them at once, unless it is told to hold them. */
export class FakeSink implements PageSink {
  heldPages = 0;
  heldBytes = 0;
  readonly kept: Kept[] = [];
  readonly #dispatcher: Dispatcher;
  readonly #holds: boolean;

  constructor(dispatcher: Dispatcher, holds = false) {
    this.#dispatcher = dispatcher;
    this.#holds = holds;
  }

  add(task: Task, final: FinalAttempt): void {
    this.kept.push({ task, final });
    this.heldPages += 1;
    if (!this.#holds) this.release(1);
  }

  flush(): void {}

  release(pages: number): void {
    this.heldPages -= pages;
    for (let page = 0; page < pages; page += 1) this.#dispatcher.done();
  }
}

export function createFakeEngine(userOptions: RunOptions = {}, storedBefore = false) {
  const clock = new FakeClock();
  const options = resolveOptions(userOptions);
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const counters = { fetched: 0, retries: 0, pausedMs: 0, outageMs: 0, bodyBytes: 0 };
  const limiters = new LimiterRegistry(options);
  const pauseMonitor = new PauseMonitor({ clock, emit, counters });
  const random = () => 0.5;
  const parts = { options, clock, random, emit, counters, storedBefore };
  const dispatcher = new Dispatcher({ ...parts, limiters, pauseMonitor });
  return { ...parts, dispatcher, limiters, pauseMonitor, events };
}
