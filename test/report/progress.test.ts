import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createProgress } from '../../src/report/progress.ts';
import { createScreen } from '../../src/report/reporter.ts';
import {
  createPlainProgress,
  createProgressBar,
  plainProgressLine,
  progressLines,
} from '../../src/report/show-progress.ts';
import { textWidth } from '../../src/report/text-width.ts';
import {
  createCollector,
  createFakeTime,
  createTerminal,
  noTerminal,
  renderTerminal,
  terminal,
} from './collector.ts';
import { hostileText, pageEvent, pauseEvent, retryEvent, startEvent } from './sample-events.ts';

describe('progress', () => {
  it('counts pages of this and earlier runs, failures and retries', () => {
    const progress = createProgress(createFakeTime().clock);
    progress.sink(startEvent(10, 4));
    progress.sink(retryEvent('503'));
    progress.sink(pageEvent(5));
    progress.sink(pageEvent(6, { state: 'failed' }));
    const { total, done, failed, retries } = progress.snapshot();
    assert.deepEqual(
      { total, done, failed, retries },
      { total: 10, done: 6, failed: 1, retries: 1 },
    );
  });

  it('never counts more pages than there are: those past the end are none', () => {
    const progress = createProgress(createFakeTime().clock);
    progress.sink(startEvent(2));
    for (const position of [0, 1, 2]) progress.sink(pageEvent(position));
    progress.sink(pageEvent(3, { state: 'beyond-end' }));
    assert.equal(progress.snapshot().done, 2);
    progress.sink({ type: 'total', total: 4 });
    assert.equal(progress.snapshot().done, 3);
  });

  it('smooths the rate without being slow at the start, and tells the time left by it', () => {
    const time = createFakeTime();
    const progress = createProgress(time.clock);
    progress.sink(startEvent(1000));
    for (let tick = 1; tick <= 20; tick++) {
      time.advance(100);
      for (let page = 0; page < 5; page++) progress.sink(pageEvent(page));
      const { pagesPerSecond, leftMs, done } = progress.snapshot();
      assert.ok(Math.abs(pagesPerSecond! - 50) < 0.01, `${pagesPerSecond}`);
      assert.ok(Math.abs(leftMs! - ((1000 - done) / 50) * 1000) < 10);
    }
  });

  it('tells the time left by the mean over pauses, and adds what is left of the current one', () => {
    const time = createFakeTime();
    const progress = createProgress(time.clock);
    progress.sink(startEvent(20));
    time.advance(1000);
    for (let page = 0; page < 10; page++) progress.sink(pageEvent(page));
    progress.snapshot();
    progress.sink(pauseEvent(60_000, '429'));
    time.advance(20_000);
    const paused = progress.snapshot();
    assert.ok(paused.pagesPerSecond! < 1);
    assert.deepEqual(paused.pause, { cause: 'limit', reason: '429', leftMs: 40_000 });
    assert.ok(Math.abs(paused.leftMs! - (21_000 + 40_000)) < 10);
    progress.sink({ type: 'resume', limiter: 'https://a.example', ended: false });
    assert.equal(progress.snapshot().pause, null);
  });

  it('tells no time left while the total is not known', () => {
    const time = createFakeTime();
    const progress = createProgress(time.clock);
    progress.sink(startEvent(null));
    time.advance(1000);
    progress.sink(pageEvent(1));
    assert.equal(progress.snapshot().leftMs, null);
    progress.sink({ type: 'total', total: 3 });
    assert.ok(progress.snapshot().leftMs! > 0);
  });
});

describe('the progress bar', () => {
  const scenes = [
    { name: 'at the start', events: [startEvent(500)] },
    { name: 'of unknown length', events: [startEvent(null), pageEvent(1)] },
    { name: 'with no pages', events: [startEvent(0)] },
    { name: 'past its total', events: [startEvent(1), pageEvent(1), pageEvent(2)] },
    {
      name: 'in trouble',
      events: [
        startEvent(1_000_000, 999_998),
        pageEvent(1, { state: 'failed' }),
        retryEvent('503'),
        pauseEvent(90_000, `${hostileText}限界👍${'long '.repeat(40)}`),
      ],
    },
    { name: 'stopping', events: [startEvent(9), { type: 'phase', phase: 'draining' } as const] },
    { name: 'exporting', events: [startEvent(9), { type: 'phase', phase: 'exporting' } as const] },
  ];
  for (const { name, events } of scenes) {
    it(`${name} never exceeds the width, whatever that is, and holds no control of a server`, () => {
      const time = createFakeTime();
      const progress = createProgress(time.clock);
      for (const event of events) progress.sink(event);
      time.advance(1000);
      const snapshot = progress.snapshot();
      for (let columns = 1; columns <= 200; columns++) {
        for (const color of [false, true]) {
          const lines = progressLines(snapshot, terminal(columns, color));
          assert.ok(lines.length === 1 || lines.length === 2);
          for (const line of lines) {
            // The colours are ours, so they are taken off first.
            const shown = color ? stripVTControlCharacters(line) : line;
            assert.doesNotMatch(shown, /[\p{Cc}\p{Bidi_Control}]/u);
            assert.ok(textWidth(shown) <= Math.max(columns - 1, 1), `${columns}: ${shown}`);
          }
        }
      }
    });
  }

  it('shows done, total, percent, rate, time left, and the pause with its countdown', () => {
    const time = createFakeTime();
    const progress = createProgress(time.clock);
    progress.sink(startEvent(500));
    time.advance(2000);
    for (let page = 0; page < 100; page++) progress.sink(pageEvent(page));
    progress.snapshot();
    progress.sink(pageEvent(1, { state: 'failed' }));
    progress.sink(retryEvent('503'));
    progress.sink(pauseEvent(4000, '429, Retry-After'));
    progress.sink({
      type: 'limit',
      limiter: 'https://a.example',
      said: 'server says 9 of 50 left',
    });
    const [first, second] = progressLines(progress.snapshot(), terminal(120));
    assert.match(first!, /━─.*100\/500 pages {2}20% {2}50\.0 pages\/s {2}12\.0 s left$/);
    const waits = 'paused, resumes in 4.0 s: 429, Retry-After · 1 failed · 1 retry';
    assert.equal(second, `${waits} · 245.0 kB/s · server says 9 of 50 left`);
    // A narrow terminal shows what is wrong and no more.
    assert.equal(progressLines(progress.snapshot(), terminal(90))[1], waits);
  });

  it('counts no page that failed among those that came', () => {
    const progress = createProgress(createFakeTime().clock);
    progress.sink(startEvent(3));
    for (const page of [0, 1, 2]) progress.sink(pageEvent(page, { state: 'failed' }));
    const [first, second] = progressLines(progress.snapshot(), terminal(120));
    assert.match(first!, /^─+ {2}0\/3 pages {2}0%/);
    assert.match(second!, /^3 failed/);
    assert.match(plainProgressLine(progress.snapshot()), /0\/3 pages {2}0%.*3 failed/);
  });

  it('colours only where colour is wanted', () => {
    const progress = createProgress(createFakeTime().clock);
    progress.sink(startEvent(5));
    const snapshot = progress.snapshot();
    const plain = progressLines(snapshot, terminal(80, false)).join('');
    const colored = progressLines(snapshot, terminal(80, true)).join('');
    assert.ok(!plain.includes('\u001b'));
    assert.ok(colored.includes('\u001b['));
    assert.equal(stripVTControlCharacters(colored), plain);
  });

  it('is redrawn in place under lines that stay, and is gone at the end', () => {
    const time = createFakeTime();
    const stream = createCollector();
    const facts = terminal(60);
    const screen = createScreen(stream, facts);
    const bar = createProgressBar(screen, facts, time.clock, time.ticker);
    bar.sink(startEvent(10));
    time.advance(250);
    screen.line('a line that stays');
    bar.sink(pauseEvent(3000, '429'));
    time.advance(250);
    const during = renderTerminal(stream.text());
    assert.equal(during[0], 'a line that stays');
    assert.match(during[1]!, /0\/10 pages/);
    assert.match(during[2]!, /paused/);
    bar.sink({ type: 'resume', limiter: 'https://a.example', ended: false });
    time.advance(100);
    screen.line('another');
    bar.close();
    time.advance(1000);
    assert.deepEqual(
      renderTerminal(stream.text())
        .map((row) => row.trimEnd())
        .filter((row) => row !== ''),
      ['a line that stays', 'another'],
    );
  });
});

describe('a window', () => {
  it('that becomes narrower, or wider again, shows nothing twice', () => {
    const time = createFakeTime();
    const shown = createTerminal(80);
    let columns = 80;
    const facts = { ...terminal(80), columns: () => columns };
    const screen = createScreen(shown, facts);
    const bar = createProgressBar(screen, facts, time.clock, time.ticker);
    bar.sink(startEvent(300));
    for (let page = 0; page < 50; page++) bar.sink(pageEvent(page));
    bar.sink(pauseEvent(90_000, '429, and the server says why in many words'));
    for (const width of [80, 30, 50, 12, 200, 40]) {
      columns = width;
      shown.resize(width);
      time.advance(200);
      const rows = shown.rows().filter((row) => row.trim() !== '');
      assert.equal(rows.length, 2, `${width}: ${JSON.stringify(rows)}`);
    }
    bar.close();
    assert.deepEqual(shown.rows(), ['']);
  });

  for (const columns of [40, 50]) {
    it(`of ${columns} columns shows whole parts of the progress, and lines break between words`, () => {
      const progress = createProgress(createFakeTime().clock);
      progress.sink(startEvent(300));
      const [first] = progressLines(progress.snapshot(), terminal(columns));
      assert.doesNotMatch(first!, /…/);
      const stream = createCollector();
      const command = `  everypage 'https://api.example.com/items?page=[1-500]' -o items.ndjson`;
      createScreen(stream, terminal(columns)).line(
        `everypage: \u001b[33ma sentence that is longer than such a window is wide, by some words\u001b[39m\n${command}`,
      );
      const lines = stream.lines().map((line) => stripVTControlCharacters(line));
      assert.ok(lines.includes(command), 'a command stays whole');
      const rest = lines.filter((line) => line !== command);
      assert.ok(
        rest.every((line) => line.length <= columns),
        rest.join('\n'),
      );
      assert.match(
        rest.join(' '),
        /^everypage: a sentence that is longer than such a window is wide/,
      );
    });
  }
});

describe('plain progress', () => {
  it('writes one plain line every 10 s and nothing after its end', () => {
    const time = createFakeTime();
    const stream = createCollector();
    const plain = createPlainProgress(createScreen(stream, noTerminal), time.clock, time.ticker);
    plain.sink(startEvent(100));
    plain.sink(pageEvent(1));
    time.advance(9999);
    assert.deepEqual(stream.lines(), []);
    time.advance(10_001);
    assert.equal(stream.lines().length, 2);
    assert.match(stream.lines()[0]!, /^10\.0 s {2}1\/100 pages {2}1% {2}0\.1 pages\/s/);
    plain.close();
    time.advance(60_000);
    assert.equal(stream.lines().length, 2);
  });

  it('holds no control of a server', () => {
    const progress = createProgress(createFakeTime().clock);
    progress.sink(pauseEvent(5000, hostileText));
    assert.doesNotMatch(plainProgressLine(progress.snapshot()), /[\p{Cc}\p{Bidi_Control}]/u);
  });
});
