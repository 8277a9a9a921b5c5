import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import {
  createStdoutSink,
  describeTerminal,
  type SignalSource,
  watchSignals,
} from '../../src/cli/context.ts';
import type { FlagValue } from '../../src/cli/flags.ts';
import { chooseProgress } from '../../src/cli/reporters.ts';

describe('signals', () => {
  function watch() {
    const exits: number[] = [];
    const said: string[] = [];
    const emitter = new EventEmitter();
    const source: SignalSource = Object.assign(emitter, {
      exit: (code: number) => exits.push(code),
    });
    const signals = watchSignals(
      source,
      (signal) => said.push(signal),
      () => said.push('leaving'),
    );
    return { exits, said, emitter, signals };
  }

  it('abort the run at the first and leave at once at the second', () => {
    const { exits, said, emitter, signals } = watch();
    assert.equal(signals.signal.aborted, false);
    emitter.emit('SIGINT');
    assert.equal(signals.signal.aborted, true);
    assert.equal(signals.received(), 'SIGINT');
    assert.deepEqual(exits, []);
    emitter.emit('SIGINT');
    assert.deepEqual(exits, [130]);
    assert.deepEqual(said, ['SIGINT', 'leaving']);
  });

  it('count Ctrl-Break of Windows as Ctrl-C', () => {
    const { exits, said, emitter, signals } = watch();
    emitter.emit('SIGBREAK');
    assert.equal(signals.received(), 'SIGINT');
    emitter.emit('SIGBREAK');
    assert.deepEqual(exits, [130]);
    assert.deepEqual(said, ['SIGINT', 'leaving']);
  });

  it('leave with the code of the second', () => {
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const { exits, emitter } = watch();
      emitter.emit('SIGINT');
      emitter.emit(signal);
      assert.deepEqual(exits, [code]);
    }
  });

  it('are left alone once the run is over', () => {
    const { emitter, signals } = watch();
    signals.close();
    assert.deepEqual(emitter.eventNames(), []);
  });
});

describe('standard output', () => {
  it('holds the writer back until a slow reader has read', async () => {
    const pipe = new PassThrough({ highWaterMark: 10 });
    const sink = createStdoutSink(pipe);
    let written = false;
    const writing = sink.write(Buffer.alloc(100)).then(() => {
      written = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(written, false);
    pipe.resume();
    await writing;
    assert.equal(written, true);
    await sink.flush();
  });

  for (const [cause, code] of [
    ['EPIPE', 'CLOSED_PIPE'],
    // So Windows calls it.
    ['EOF', 'CLOSED_PIPE'],
    ['ENOSPC', 'OUTPUT_WRITE'],
  ] as const) {
    it(`rejects with ${code} for ${cause}, also while it waits, and then always`, async () => {
      const broken = new Writable({
        highWaterMark: 1,
        write: (_chunk, _encoding, done) => {
          setImmediate(() => done(Object.assign(new Error(cause), { code: cause })));
        },
      });
      const sink = createStdoutSink(broken);
      await assert.rejects(sink.write(Buffer.from('abc')), { code });
      await assert.rejects(sink.write(Buffer.from('abc')), { code });
      // Who has left is owed nothing more; what could not be written is no success.
      if (code === 'CLOSED_PIPE') await sink.flush();
      else await assert.rejects(sink.flush(), { code });
    });
  }
});

describe('the terminal', () => {
  it('gets no Parquet, which is no text', () => {
    const stream = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY });
    assert.throws(() => createStdoutSink(stream(true), 'parquet'), {
      code: 'USAGE',
      message: /standard output is a terminal; name a file: -o items\.parquet/,
    });
    createStdoutSink(stream(true), 'csv');
    createStdoutSink(stream(false), 'parquet');
  });

  it('is coloured by --color, then NO_COLOR, then whether it is one', () => {
    const color = (isTTY: boolean, env: Record<string, string>, when: FlagValue<'color'>) =>
      describeTerminal({ isTTY }, env, when).color;
    assert.equal(color(true, {}, 'auto'), true);
    assert.equal(color(false, {}, 'auto'), false);
    assert.equal(color(true, { NO_COLOR: '1' }, 'auto'), false);
    assert.equal(color(true, { NO_COLOR: '' }, 'auto'), true);
    assert.equal(color(true, { NO_COLOR: '1' }, 'always'), true);
    assert.equal(color(false, {}, 'always'), true);
    assert.equal(color(true, {}, 'never'), false);
    assert.equal(color(true, { TERM: 'dumb' }, 'auto'), false);
  });

  it('gets a bar, elsewhere there are lines, and nothing where records share it', () => {
    assert.equal(chooseProgress('auto', true, 'nobody'), 'bar');
    assert.equal(chooseProgress('auto', false, 'nobody'), 'plain');
    assert.equal(chooseProgress('auto', true, 'terminal'), 'none');
    assert.equal(chooseProgress('auto', true, 'program'), 'plain');
    assert.equal(chooseProgress('plain', true, 'nobody'), 'plain');
    assert.equal(chooseProgress('none', true, 'nobody'), 'none');
  });
});
