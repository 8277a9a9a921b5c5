/**
 * OpenTelemetry: a span for the run and one for each attempt, and two metrics, by the semantic conventions of
 * HTTP clients (1.27). Only where a program has set up an SDK, and then through its own package
 * `@opentelemetry/api`: without one, nothing is loaded.
 */
import type { Attributes, Span, Tracer } from '@opentelemetry/api';
import type { EventSink, RunEvent } from '../core/events.ts';
import { isRecheck } from '../core/page-request.ts';
import { VERSION } from '../core/resolve-options.ts';
import { isWhole } from '../core/summary.ts';

/** Where the package keeps what an SDK has registered, so that all its copies find it. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** How long to wait for an SDK to send what it holds back. */
const FLUSH_MS = 5000;

/** Seconds, as the semantic conventions recommend them for durations of requests. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

type Api = typeof import('@opentelemetry/api');
type Tried = Extract<RunEvent, { type: 'page' | 'retry' }>;
type EndEvent = Extract<RunEvent, { type: 'end' }>;

/** Runs with the events observed, if there is somebody to observe them. */
export async function withTelemetry<Options extends { readonly onEvent?: EventSink }, Result>(
  options: Options,
  run: (options: Options) => Promise<Result>,
): Promise<Result> {
  const api = await registeredApi();
  if (api === null) return run(options);
  const observer = createObserver(api);
  try {
    return await run({
      ...options,
      onEvent: (event) => {
        observer.sink(event);
        options.onEvent?.(event);
      },
    });
  } catch (error) {
    observer.fail(error);
    throw error;
  } finally {
    await observer.close();
  }
}

async function registeredApi(): Promise<Api | null> {
  if (!(REGISTERED in globalThis)) return null;
  try {
    return await import('@opentelemetry/api');
  } catch {
    // The SDK stands where this package cannot reach it, as with a global installation.
    return null;
  }
}

function createObserver(api: Api) {
  const { context, metrics, SpanKind, SpanStatusCode, trace } = api;
  const tracer: Tracer = trace.getTracer('everypage', VERSION);
  const meter = metrics.getMeter('everypage', VERSION);
  const durations = meter.createHistogram('http.client.request.duration', {
    unit: 's',
    description: 'Duration of HTTP client requests.',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });
  const pages = meter.createCounter('everypage.pages', {
    unit: '{page}',
    description: 'Pages in their final state.',
  });
  const run: Span = tracer.startSpan('everypage run');
  const parent = trace.setSpan(context.active(), run);

  function tried(event: Tried, isFailed: boolean, resends: number): void {
    const end = Date.now();
    const known: Attributes = { 'http.request.method': event.method, ...serverOf(event.url) };
    if (event.status !== null) known['http.response.status_code'] = event.status;
    if (isFailed) known['error.type'] = event.code ?? String(event.status ?? '_OTHER');
    durations.record(event.durationMs / 1000, known);
    const span = tracer.startSpan(
      event.method,
      {
        kind: SpanKind.CLIENT,
        startTime: end - event.durationMs,
        attributes: {
          ...known,
          'url.full': event.url,
          'everypage.page': event.place.position,
          ...(resends > 0 ? { 'http.request.resend_count': resends } : {}),
        },
      },
      parent,
    );
    if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR, message: event.reason ?? '' });
    span.end(end);
  }

  function ended({ summary: { verdict, stop, fetched, retries } }: EndEvent): void {
    run.setAttributes({
      'everypage.verdict': verdict.name,
      'everypage.pages.stored': verdict.stored,
      'everypage.pages.failed': verdict.failed,
      'everypage.pages.fetched': fetched,
      'everypage.retries': retries,
    });
    if (verdict.records?.fetched !== undefined) {
      run.setAttribute('everypage.records', verdict.records.fetched);
    }
    if (stop !== null) run.setAttribute('everypage.stop', stop.kind);
    if (isWhole(verdict.name, null)) return;
    run.setStatus({ code: SpanStatusCode.ERROR, message: verdict.reasons[0] ?? verdict.name });
  }

  return {
    sink(event: RunEvent): void {
      switch (event.type) {
        case 'retry':
          tried(event, true, event.attempt - 1);
          break;
        case 'page':
          tried(event, event.state === 'failed', event.attempts - 1);
          if (!isRecheck(event.place)) pages.add(1, { 'everypage.page.state': event.state });
          break;
        case 'pause':
          run.addEvent('pause', {
            'everypage.limiter': event.limiter,
            'everypage.pause.cause': event.cause,
            'everypage.pause.reason': event.reason,
            ...(event.durationMs === null
              ? {}
              : { 'everypage.pause.duration': event.durationMs / 1000 }),
          });
          break;
        case 'end':
          ended(event);
          break;
      }
    },
    fail(error: unknown): void {
      run.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    },
    /** A command leaves at once when it is done: what the SDK has batched would be lost. */
    async close(): Promise<void> {
      run.end();
      const tracers = trace.getTracerProvider();
      const delegate =
        'getDelegate' in tracers ? (tracers.getDelegate as () => unknown)() : tracers;
      await flushed([delegate, metrics.getMeterProvider()]);
    },
  };
}

/** Providers of an SDK can be told to send what they hold; those of the API alone hold nothing. */
async function flushed(providers: readonly unknown[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, FLUSH_MS);
  });
  const flushes = providers.map(async (provider) =>
    (provider as { forceFlush?(): Promise<void> }).forceFlush?.(),
  );
  await Promise.race([Promise.allSettled(flushes), late]);
  clearTimeout(timer);
}

function serverOf(url: string): Attributes {
  const parsed = URL.parse(url);
  if (parsed === null) return {};
  const port = parsed.port === '' ? (parsed.protocol === 'https:' ? 443 : 80) : Number(parsed.port);
  return { 'server.address': parsed.hostname, 'server.port': port };
}
