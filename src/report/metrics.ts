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

  lines(name: string, label: string): string[] {
    return Array.from(
      this.#counts,
      ([value, count]) => `${name}{${label}=${quoted(value)}} ${count}`,
    );
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
      const until = Array.from(
        pausedUntil,
        ([limiter, time]) =>
          `everypage_paused_until_timestamp_seconds{limiter=${quoted(limiter)}} ${time}`,
      );
      const name = 'everypage_request_duration_seconds';
      const durations = BOUNDS.map((bound, at) => `${name}_bucket{le="${bound}"} ${buckets[at]}`);
      durations.push(`${name}_bucket{le="+Inf"} ${requests}`);
      durations.push(`${name}_sum ${seconds}`, `${name}_count ${requests}`);
      const families: readonly (readonly [
        name: string,
        kind: string,
        help: string,
        lines: string[],
      ])[] = [
        [
          'everypage_info',
          'gauge',
          'The program.',
          [`everypage_info{version=${quoted(VERSION)}} 1`],
        ],
        [
          'everypage_planned_pages',
          'gauge',
          'Pages in the plan; absent while that is not known.',
          planned === null ? [] : [`everypage_planned_pages ${planned}`],
        ],
        [
          'everypage_resumed_pages',
          'gauge',
          'Pages that an earlier run had stored.',
          [`everypage_resumed_pages ${resumed}`],
        ],
        [
          'everypage_pages_total',
          'counter',
          'Pages of this run in their final state.',
          pages.lines('everypage_pages_total', 'state'),
        ],
        [
          'everypage_rechecked_pages_total',
          'counter',
          'Pages that were read again, to see whether the list changed.',
          [`everypage_rechecked_pages_total ${rechecked}`],
        ],
        [
          'everypage_body_bytes_total',
          'counter',
          'Bodies of stored pages, as they came.',
          [`everypage_body_bytes_total ${bytes}`],
        ],
        [
          'everypage_retries_total',
          'counter',
          'Attempts that failed and were made again, by why.',
          retries.lines('everypage_retries_total', 'code'),
        ],
        [
          'everypage_pauses_total',
          'counter',
          'Pauses, for a limit of the server, because it is down, or by the user.',
          pauses.lines('everypage_pauses_total', 'cause'),
        ],
        [
          'everypage_paused_until_timestamp_seconds',
          'gauge',
          'When the pause of a limiter ends; absent while it is not paused.',
          until,
        ],
        [name, 'histogram', 'Attempts that ended.', durations],
      ];
      return families
        .filter(([, , , lines]) => lines.length > 0)
        .map(([family, kind, help, lines]) =>
          [`# HELP ${family} ${help}`, `# TYPE ${family} ${kind}`, ...lines, ''].join('\n'),
        )
        .join('');
    },
  };
}

/** What nobody knows the end of ends at infinity, as the text format writes it. */
function secondsOf(wallTime: number | null): number | '+Inf' {
  return wallTime === null ? '+Inf' : wallTime / 1000;
}

/** A label's value. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
