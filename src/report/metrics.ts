/** What a run has done so far, as Prometheus reads it: text exposition format 0.0.4. */
import type { EventSink } from '../core/events.ts';
import { isRecheck } from '../core/page-request.ts';
import { VERSION } from '../core/resolve-options.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Upper bounds in seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface Metrics {
  readonly sink: EventSink;
  text(): string;
}

/** Counts by the values of one label. */
class Counts {
  readonly #counts = new Map<string, number>();

  /** @param values that stand there from the beginning, so that a rate can be taken of them */
  constructor(values: readonly string[] = []) {
    for (const value of values) this.#counts.set(value, 0);
  }

  add(value: string): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  samples(label: string): string[] {
    return Array.from(this.#counts, ([value, count]) => `{${label}=${quoted(value)}} ${count}`);
  }
}

export function createMetrics(): Metrics {
  const pages = new Counts(['stored', 'failed', 'beyond-end']);
  const retries = new Counts();
  const pauses = new Counts(['limit', 'outage', 'user']);
  /** When the pause of a limiter ends, in seconds since 1970; absent while it is not paused. */
  const pausedUntil = new Map<string, number | '+Inf'>();
  const buckets = new Array<number>(BOUNDS.length).fill(0);
  let requests = 0;
  let seconds = 0;
  let bytes = 0;
  let rechecked = 0;
  let planned: number | null = null;
  let resumed = 0;

  const tried = (durationMs: number): void => {
    requests += 1;
    seconds += durationMs / 1000;
    for (let at = 0; at < BOUNDS.length; at += 1) {
      if (durationMs / 1000 <= BOUNDS[at]!) buckets[at]! += 1;
    }
  };

  return {
    sink(event) {
      switch (event.type) {
        case 'start':
          planned = event.total;
          resumed = event.resumed?.stored ?? 0;
          break;
        case 'total':
          planned = event.total;
          break;
        case 'page':
          tried(event.durationMs);
          if (isRecheck(event.place)) rechecked += 1;
          else pages.add(event.state);
          if (event.state === 'stored') bytes += event.bodyBytes;
          break;
        case 'retry':
          tried(event.durationMs);
          retries.add(event.code ?? 'none');
          break;
        case 'pause':
          pauses.add(event.cause);
          pausedUntil.set(event.limiter, secondsOf(event.untilWallTime));
          break;
        case 'pause-extended':
          pausedUntil.set(event.limiter, secondsOf(event.untilWallTime));
          break;
        case 'resume':
          pausedUntil.delete(event.limiter);
          break;
      }
    },
    text() {
      const paused = Array.from(
        pausedUntil,
        ([limiter, time]) => `{limiter=${quoted(limiter)}} ${time}`,
      );
      const durations = [
        ...BOUNDS.map((bound, at) => `_bucket{le="${bound}"} ${buckets[at]}`),
        ...[`_bucket{le="+Inf"} ${requests}`, `_sum ${seconds}`, `_count ${requests}`],
      ];
      return [
        family('info', 'gauge', 'The program.', [`{version=${quoted(VERSION)}} 1`]),
        family(
          'planned_pages',
          'gauge',
          'Pages in the plan; absent while that is not known.',
          planned === null ? [] : [` ${planned}`],
        ),
        family('resumed_pages', 'gauge', 'Pages that an earlier run had stored.', [` ${resumed}`]),
        family(
          'pages_total',
          'counter',
          'Pages of this run in their final state.',
          pages.samples('state'),
        ),
        family(
          'rechecked_pages_total',
          'counter',
          'Pages that were read again, to see whether the list changed.',
          [` ${rechecked}`],
        ),
        family('body_bytes_total', 'counter', 'Bodies of stored pages, as they came.', [
          ` ${bytes}`,
        ]),
        family(
          'retries_total',
          'counter',
          'Attempts that failed and were made again, by why.',
          retries.samples('code'),
        ),
        family(
          'pauses_total',
          'counter',
          'Pauses, for a limit of the server, because it is down, or by the user.',
          pauses.samples('cause'),
        ),
        family(
          'paused_until_timestamp_seconds',
          'gauge',
          'When the pause of a limiter ends; absent while it is not paused.',
          paused,
        ),
        family('request_duration_seconds', 'histogram', 'Attempts that ended.', durations),
      ].join('');
    },
  };
}

/** @param samples what stands behind the name in each line: labels, a space and the value */
function family(name: string, kind: string, help: string, samples: readonly string[]): string {
  if (samples.length === 0) return '';
  const whole = `everypage_${name}`;
  const lines = [`# HELP ${whole} ${help}`, `# TYPE ${whole} ${kind}`];
  return [...lines, ...samples.map((sample) => `${whole}${sample}`), ''].join('\n');
}

/** An unknown end is infinity, as the text format writes it. */
function secondsOf(wallTime: number | null): number | '+Inf' {
  return wallTime === null ? '+Inf' : wallTime / 1000;
}

/** A label's value. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
