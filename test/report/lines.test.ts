import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPageLines, createWarningLines } from '../../src/report/event-lines.ts';
import { createJsonLog } from '../../src/report/json-log.ts';
import { createScreen } from '../../src/report/reporter.ts';
import { createCollector, createFakeTime, noTerminal } from './collector.ts';
import { hostileEvents, hostileText, pageEvent } from './sample-events.ts';

const unsafe = /[^\P{Cc}\n]|\p{Bidi_Control}/u;

describe('page lines', () => {
  it('say status, time, bytes and URL of each page, and why one failed', () => {
    const stream = createCollector();
    const lines = createPageLines(createScreen(stream, noTerminal), { color: false }, 1);
    lines.sink(pageEvent(1));
    lines.sink(
      pageEvent(2, { state: 'failed', status: null, reason: 'no answer for 30 s', attempts: 6 }),
    );
    assert.deepEqual(stream.lines(), [
      '200     34 ms     4.9 kB  https://a.example/?page=1',
      '---     34 ms     4.9 kB  https://a.example/?page=2  no answer for 30 s  (6 attempts)',
    ]);
  });

  it('add retries and pauses with -vv only', () => {
    const written = [1, 2].map((verbosity) => {
      const stream = createCollector();
      const lines = createPageLines(createScreen(stream, noTerminal), { color: false }, verbosity);
      for (const event of hostileEvents('why')) lines.sink(event);
      return stream.lines();
    });
    assert.equal(written[0]!.length, 2);
    assert.equal(written[1]!.length, 5);
    assert.match(written[1]!.join('\n'), /503 {2}attempt 1, again in 1\.2 s: {2}why/);
    assert.match(written[1]!.join('\n'), /pause of 4\.0 s for https:\/\/a\.example: why/);
  });

  it('colour a 200 that failed as a failure', () => {
    const stream = createCollector();
    const lines = createPageLines(createScreen(stream, noTerminal), { color: true }, 1);
    lines.sink(pageEvent(1));
    lines.sink(pageEvent(2, { state: 'failed', reason: 'not JSON' }));
    assert.ok(stream.lines()[0]!.startsWith('\u001b[32m200'));
    assert.ok(stream.lines()[1]!.startsWith('\u001b[31m200'));
  });

  it('hold no control of a server and stay one line each', () => {
    const stream = createCollector();
    const lines = createPageLines(createScreen(stream, noTerminal), { color: false }, 2);
    for (const event of hostileEvents(hostileText)) lines.sink(event);
    assert.equal(stream.lines().length, 5);
    assert.doesNotMatch(stream.text(), unsafe);
  });
});

describe('warnings', () => {
  it('are said once each, escaped, also where two have the same code', () => {
    const stream = createCollector();
    const lines = createWarningLines(createScreen(stream, noTerminal), { color: false });
    for (let count = 0; count < 3; count++) {
      lines.sink({ type: 'warning', code: 'A', message: hostileText });
      lines.sink({ type: 'warning', code: 'B', message: 'second' });
      lines.sink({ type: 'warning', code: 'B', message: 'third' });
    }
    assert.deepEqual(stream.lines().slice(1), [
      'everypage: warning: second',
      'everypage: warning: third',
    ]);
    assert.doesNotMatch(stream.text(), unsafe);
  });
});

describe('the JSON log', () => {
  it('writes one ASCII line an event, which parses to that event and its time', () => {
    const stream = createCollector();
    const log = createJsonLog(stream, createFakeTime().clock);
    const events = hostileEvents(`${hostileText}\u007f👍`);
    for (const event of events) log.sink(event);
    assert.match(stream.text(), /^[\n\x20-\x7e]*$/);
    const parsed = stream.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(parsed.length, events.length);
    for (const [index, { time, ...event }] of parsed.entries()) {
      assert.equal(time, '2025-01-01T00:00:00.000Z');
      assert.deepEqual(event, events[index]);
    }
  });
});
