/** The archive thread's own side: messages in, ArchiveSession, messages out. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { FromThread, ThrownError, ToThread } from './messages.ts';
import { ArchiveSession, type MainThread } from './session.ts';

const port = parentPort!;
/** Of the run that goes on; the thread may have served others before. */
let session: ArchiveSession | null = null;
let taken: ((ok: boolean) => void) | null = null;

/** Sends a block and waits until the main thread has taken it: one is on its way at a time. */
function send(message: FromThread, transfer: readonly ArrayBuffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    taken = (ok) =>
      ok ? resolve() : reject(new EverypageError('CLOSED_PIPE', 'nobody takes the output'));
    port.postMessage(message, transfer);
  });
}

const main: MainThread = {
  sendBytes: (bytes) => send({ type: 'bytes', bytes }, [bytes.buffer as ArrayBuffer]),
  sendPages: (pages) => send({ type: 'pages', pages }, []),
  exportFailed: (error) => port.postMessage({ type: 'export-failed', error: plain(error) }),
};

port.on('message', async (message: ToThread) => {
  if (message.call === 'taken') {
    taken?.(message.ok);
    return;
  }
  try {
    const answer = await answerTo(message);
    port.postMessage({ type: 'answer', id: message.id, answer } satisfies FromThread);
  } catch (error) {
    port.postMessage({ type: 'error', id: message.id, error: plain(error) } satisfies FromThread);
  }
});

async function answerTo(message: Exclude<ToThread, { call: 'taken' }>): Promise<unknown> {
  if (message.call === 'open') {
    session = await ArchiveSession.open(message.ask, systemClock, main);
    return session.opened;
  }
  if (session === null) throw new EverypageError('INTERNAL', 'the archive is not open');
  // Name and request belong together, which TypeScript does not see through a union.
  const call = session[message.call] as (ask: unknown) => unknown;
  return call.call(session, message.ask);
}

/** Errors lose their class on the way between threads; their code and text are what counts. */
function plain(error: unknown): ThrownError {
  if (error instanceof EverypageError) return { code: error.code, message: error.message };
  return {
    code: 'INTERNAL',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
