/** The archive thread's own side: messages in, ArchiveSession, messages out. */
import { systemClock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import { reasonOfFile } from '../core/files.ts';
import { KEPT } from '../export/output-error.ts';
import type { FromThread, ThrownError, ToThread } from './messages.ts';
import type { MainThread } from './run-export.ts';
import type { ArchiveSession } from './session.ts';

/** Loads all that stores and exports. Where one page may be all, that happens while the page is waited for. */
export const loadSession = (): Promise<typeof import('./session.ts')> => import('./session.ts');

/** What is used of a `MessagePort`. */
export interface ServedPort {
  postMessage(message: FromThread, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: ToThread) => void): unknown;
}

/**
 * Answers the calls that come to a port.
 *
 * @param onFinished a run has ended well; its last answer is sent after this
 */
export function serveArchive(port: ServedPort, onFinished: () => void = () => {}): void {
  /** The session of the current run; the thread may have served others before. Calls wait until it is open. */
  let opening: Promise<ArchiveSession> | null = null;
  let taken: ((ok: boolean) => void) | null = null;
  let isGivenUp = false;

  /** Sends a block and waits until the main thread has taken it: one is on its way at a time. */
  const send = (message: FromThread, transfer: readonly ArrayBuffer[]): Promise<void> =>
    new Promise((resolve, reject) => {
      taken = (ok) =>
        ok
          ? resolve()
          : reject(new EverypageError('CLOSED_PIPE', 'the reader of the output has gone'));
      if (isGivenUp) taken(false);
      else port.postMessage(message, transfer);
    });

  const main: MainThread = {
    sendBytes: (bytes) => send({ type: 'bytes', bytes }, [bytes.buffer as ArrayBuffer]),
    sendPages: (pages, select) => send({ type: 'pages', pages, select }, []),
    giveUp() {
      isGivenUp = true;
      taken?.(false);
    },
    exportFailed: (error) => port.postMessage({ type: 'export-failed', error: plain(error) }),
  };

  const answerTo = async (message: Exclude<ToThread, { call: 'taken' }>): Promise<unknown> => {
    if (message.call === 'open') {
      isGivenUp = false;
      const { ask } = message;
      opening = loadSession().then((loaded) => loaded.ArchiveSession.open(ask, systemClock, main));
      return (await opening).opened;
    }
    if (opening === null) throw new EverypageError('INTERNAL', 'the archive is not open');
    const session = await opening;
    // Name and request belong together, which TypeScript does not see through a union.
    const call = session[message.call] as (ask: unknown) => unknown;
    return call.call(session, message.ask);
  };

  port.on('message', async (message: ToThread) => {
    if (message.call === 'taken') {
      taken?.(message.ok);
      return;
    }
    try {
      const answer = await answerTo(message);
      if (message.call === 'finish') onFinished();
      port.postMessage({ type: 'answer', id: message.id, answer } satisfies FromThread);
    } catch (error) {
      port.postMessage({ type: 'error', id: message.id, error: plain(error) } satisfies FromThread);
    }
  });
}

/** Errors lose their class on the way between threads; their code and text are what counts. */
function plain(error: unknown): ThrownError {
  if (error instanceof EverypageError) return { code: error.code, message: error.message };
  const reason = reasonOfFile(error);
  if (reason !== null) {
    const { path = 'the archive' } = error as { path?: string };
    return { code: 'ARCHIVE_WRITE', message: `${path}: ${reason}. ${KEPT}` };
  }
  const text = error instanceof Error ? error.message : String(error);
  const where = process.env['EVERYPAGE_DEBUG'] === '1' && error instanceof Error ? error.stack : '';
  const message = `this is a bug in everypage: ${text} (EVERYPAGE_DEBUG=1 shows where)`;
  return { code: 'INTERNAL', message: where ? `${message}\n${where}` : message };
}
