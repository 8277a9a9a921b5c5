import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { run } from '../../src/index.ts';
import { temporaryFolder } from '../run/run-cli.ts';
import { startPageServer } from '../servers/page-server.ts';

const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);

before(() => {
  process.env['NO_PROXY'] = 'localhost';
  // Batches, as programs have them: only a flush at the end of the run brings them out in time.
  const spanProcessors = [new BatchSpanProcessor(spans, { scheduledDelayMillis: 3_600_000 })];
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
  const reader = new PeriodicExportingMetricReader({
    exporter: measured,
    exportIntervalMillis: 3_600_000,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});

test('a run is a span with a client span for each attempt, flushed when the run has ended', async (t) => {
  const server = await startPageServer({
    protocol: 'http',
    pages: 4,
    faults: { 2: [{ status: 503 }] },
  });
  t.after(() => server.close());
  const text = `${server.template(5)}?api_key=s3cret-canary`;
  const summary = await run([{ kind: 'template', text }], {
    output: join(temporaryFolder(t), 'a.ndjson'),
  });
  assert.equal(summary.verdict.name, 'incomplete');

  const finished = spans.getFinishedSpans();
  const [whole] = finished.filter(({ name }) => name === 'everypage run');
  assert.equal(whole?.attributes['everypage.verdict'], 'incomplete');
  assert.equal(whole?.attributes['everypage.pages.stored'], 4);
  assert.equal(whole?.status.code, SpanStatusCode.ERROR);
  const attempts = finished.filter(({ name }) => name === 'GET');
  assert.equal(attempts.length, 6);
  for (const { kind, parentSpanContext, attributes } of attempts) {
    assert.equal(kind, SpanKind.CLIENT);
    assert.equal(parentSpanContext?.spanId, whole?.spanContext().spanId);
    assert.equal(attributes['server.port'], Number(new URL(server.origin).port));
    assert.equal(attributes['server.address'], 'localhost');
  }
  const ofPage = (position: number) =>
    attempts.filter(({ attributes }) => attributes['everypage.page'] === position);
  assert.deepEqual(
    ofPage(1).map(({ attributes }) => [
      attributes['http.response.status_code'],
      attributes['error.type'],
      attributes['http.request.resend_count'],
    ]),
    [
      [503, 'HTTP_503', undefined],
      [200, undefined, 1],
    ],
  );
  assert.deepEqual(
    ofPage(4).map(({ attributes, status }) => [attributes['error.type'], status.code]),
    [['HTTP_404', SpanStatusCode.ERROR]],
  );
  assert.doesNotMatch(JSON.stringify(attempts.map(({ attributes }) => attributes)), /canary/);

  const points = measured
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics);
  const named = (name: string) => points.find(({ descriptor }) => descriptor.name === name);
  const counts = named('http.client.request.duration')?.dataPoints.map(
    ({ value }) => (value as { count: number }).count,
  );
  assert.equal(
    counts?.reduce((sum, count) => sum + count, 0),
    6,
  );
  assert.deepEqual(
    named('everypage.pages')?.dataPoints.map(({ attributes, value }) => [
      attributes['everypage.page.state'],
      value,
    ]),
    [
      ['stored', 4],
      ['failed', 1],
    ],
  );
});

test('a run that cannot begin ends its span with an error', async () => {
  spans.reset();
  await assert.rejects(
    run([{ kind: 'template', text: 'http://[::bad' }], { archive: '/nowhere/x' }),
  );
  const [whole] = spans.getFinishedSpans();
  assert.equal(whole?.status.code, SpanStatusCode.ERROR);
});
