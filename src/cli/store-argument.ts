/** A store as the user names it: with `--store`, or in place of an archive. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openHome } from '../cluster/open-home.ts';
import type { StoreHome } from '../cluster/store-home.ts';
import { makeTemporaryFolder } from '../core/files.ts';
import { createTransport } from '../http/create-transport.ts';
import { type CliContext, type SignalSource, watchSignals } from './context.ts';
import { type ExitCode, exitCodeOfSignal } from './exit-code.ts';
import { UsageError } from './typed-arguments.ts';

/** To be closed by the caller. */
export function openNamedStore(
  where: string,
  { env, network }: Pick<CliContext, 'env' | 'network'>,
): Promise<StoreHome> {
  return openHome(where, { env, makeTransport: (asked) => createTransport(asked, network) });
}

function archiveIn(folder: string): string {
  return join(folder, 'store.everypage');
}

/**
 * Runs a command on a temporary archive of what a store holds. It is gone afterwards, also after a signal.
 */
export async function withStoreAsArchive(
  where: string,
  context: CliContext,
  command: (archive: string, context: CliContext) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { assembleStore } = await import('../cluster/read-store.ts');
  const home = await openNamedStore(where, context);
  const folder = makeTemporaryFolder('everypage-store');
  const source = context.signals;
  let listeners = 0;
  const signals: SignalSource = {
    on(signal, listener) {
      listeners += 1;
      source.on(signal, listener);
    },
    off(signal, listener) {
      listeners -= 1;
      source.off(signal, listener);
    },
    exit(code) {
      void clear();
      source.exit(code);
    },
  };
  /** All files are gone before it first waits. */
  const clear = (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true });
    return home.close();
  };
  let isAssembled = false;
  const watched = watchSignals(
    signals,
    (signal) => {
      // A command that watches by itself also ends by itself.
      if (!isAssembled) void home.close();
      else if (listeners === ownListeners) signals.exit(exitCodeOfSignal(signal));
    },
    () => {},
  );
  const ownListeners = listeners;
  try {
    const archive = archiveIn(folder);
    await assembleStore(home, archive, watched.signal);
    isAssembled = true;
    await home.close();
    const own = { signals: { value: signals }, store: { value: where } };
    return await command(archive, Object.create(context, own));
  } catch (error) {
    const received = watched.received();
    if (received !== null && !isAssembled) return exitCodeOfSignal(received);
    if (error instanceof Error) error.message = error.message.replaceAll(archiveIn(folder), where);
    if (error instanceof UsageError && error.words !== null) {
      const words = error.words.map((word) => (word === archiveIn(folder) ? where : word));
      throw new UsageError(error.message, words, error.cause);
    }
    throw error;
  } finally {
    watched.close();
    await clear();
  }
}
