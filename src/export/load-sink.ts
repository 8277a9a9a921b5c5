/** Loads the modules of sinks. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { usageError } from '../core/errors.ts';
import { absolutePath, statOrNull, whyUnreadable } from '../core/files.ts';
import type { OpenSink, SinkPath } from '../core/record-sink.ts';

const EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs', '.cjs'];
const EXAMPLE = 'export default () => ({ write(records) { … } })';

/**
 * Finds what is wrong with a sink before it is loaded.
 *
 * @throws EverypageError USAGE
 */
export function checkSink({ name, path }: SinkPath): void {
  if (path === '') throw usageError(`${name} names no module; write sink:./my-sink.ts`);
  if (!EXTENSIONS.includes(extname(path))) {
    throw usageError(`${name} is no module; its name ends in ${EXTENSIONS.join(', ')}`);
  }
  try {
    const found = statOrNull(path);
    if (found?.isFile()) return;
    throw usageError(`${name}: ${found === null ? 'it does not exist' : 'it is no file'}`);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw usageError(`${name}: ${whyUnreadable(cause)}`, cause);
  }
}

/**
 * Loads the module of a sink, and gives the function that opens it.
 *
 * @throws EverypageError USAGE where it cannot be loaded, or exports no such function
 */
export async function loadSink(sink: SinkPath): Promise<OpenSink> {
  checkSink(sink);
  const { name, path } = sink;
  let loaded: { readonly default?: unknown };
  try {
    loaded = await importUrl(pathToFileURL(absolutePath(path)).href);
  } catch (cause) {
    throw usageError(`${name} cannot be loaded: ${firstLine(cause)}`, cause);
  }
  const { default: open } = loaded;
  if (typeof open === 'function') return open as OpenSink;
  throw usageError(`${name} has no default export that is a function, as in ${EXAMPLE}`);
}

type ImportUrl = (url: string) => Promise<{ readonly default?: unknown }>;

/** What is built cannot import (scripts/build.ts); a file beside it does. */
function importUrl(url: string): ReturnType<ImportUrl> {
  const isSource = import.meta.url.endsWith('.ts');
  const beside = isSource ? '../../bin/import.cjs' : '../bin/import.cjs';
  const importer = createRequire(import.meta.url)(beside) as ImportUrl;
  return importer(url);
}

/** What a user's code threw, which may be anything, in one line. */
export function firstLine(thrown: unknown): string {
  const isError = thrown instanceof Error;
  const text = isError ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '') ?? 'it gave no reason';
}
