/** The archive's side on the thread of its caller, with the same messages as from a thread of its own. */
import type { FromThread, ToThread } from './messages.ts';
import { serveArchive } from './serve-archive.ts';

/** Where the calls go, and the answers come from. */
export interface ArchivePort {
  postMessage(message: ToThread, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: FromThread) => void): unknown;
}

export function serveHere(): ArchivePort {
  let take: (message: ToThread) => void = () => {};
  let receive: (message: FromThread) => void = () => {};
  serveArchive({
    postMessage: (message) => queueMicrotask(() => receive(message)),
    on: (_event, listener) => {
      take = listener;
    },
  });
  return {
    // In the first turn of the event loop requests leave that follow from the same answer.
    postMessage: (message) => void setImmediate(() => setImmediate(() => take(message))),
    on: (_event, listener) => {
      receive = listener;
    },
  };
}
