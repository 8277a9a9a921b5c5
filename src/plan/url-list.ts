import { type FileHandle, open, stat } from 'node:fs/promises';
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { whyUnreadable } from '../core/files.ts';

export interface ListLine {
  /** The line without the white space around it; not checked to be a URL. */
  readonly url: string;
  /** Its number in the list, from 1; skipped lines count. */
  readonly line: number;
}

/** Longest line, in UTF-16 units. Far beyond what servers accept as a URL. */
const MAX_LINE_LENGTH = 65_536;
// Measured on three million lines: with four times as much, lines outlive a minor garbage
// collection and peak memory was 209 MiB instead of 140; reading costs about the same.
const BLOCK_BYTES = 64 * 1024;

/**
 * Reads a list of URLs, one a line, a block at a time: memory does not grow with the list, and
 * nothing is read before it is asked for. LF and CRLF end lines, the last needs none. White space
 * around a line and a byte order mark are removed; blank lines and lines that begin with `#` are
 * skipped. Each array holds the lines that one block completed, at least one.
 *
 * Throws `EverypageError` `LIST_UNREADABLE` where the file cannot be read, where a line is longer
 * than 65,536 characters, and where one is not UTF-8; the message names the file and the line.
 *
 * @param from a path, or bytes such as `process.stdin`
 * @param name what messages call the list
 */
export async function* readUrlList(
  from: string | AsyncIterable<Uint8Array>,
  name: string = typeof from === 'string' ? from : 'stdin',
): AsyncGenerator<ListLine[]> {
  const splitter = createSplitter(name);
  const blocks = typeof from === 'string' ? fileBlocks(from) : streamBlocks(from, name);
  for await (const bytes of blocks) {
    const lines = splitter.push(bytes);
    if (lines.length > 0) yield lines;
  }
  const lines = splitter.end();
  if (lines.length > 0) yield lines;
}

/**
 * How many URLs `readUrlList` would give, or null where the path is no regular file (a pipe can be
 * read only once). Throws as `readUrlList` does.
 */
export async function countListLines(path: string): Promise<number | null> {
  if (!(await isRegularFile(path))) return null;
  let count = 0;
  for await (const lines of readUrlList(path)) count += lines.length;
  return count;
}

/**
 * Throws `EverypageError` `LIST_UNREADABLE` where the list cannot be opened. A pipe is not opened:
 * doing so would wait for its writer, and closing it again would break it.
 */
export async function checkListReadable(path: string): Promise<void> {
  if (!(await isRegularFile(path))) return;
  const handle = await openList(path);
  await handle.close();
}

async function isRegularFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (stats.isDirectory()) throw unreadable(path, { code: 'EISDIR' });
  return stats.isFile();
}

async function* fileBlocks(path: string): AsyncGenerator<Uint8Array> {
  const handle = await openList(path);
  try {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    while (true) {
      const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES).catch((cause: unknown) => {
        throw unreadable(path, cause);
      });
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function* streamBlocks(
  stream: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

function openList(path: string): Promise<FileHandle> {
  return open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

function unreadable(path: string, cause: unknown): EverypageError {
  return new EverypageError(
    'LIST_UNREADABLE',
    `the list ${escapeText(path, 500)} cannot be read: ${whyUnreadable(cause)}`,
    { cause },
  );
}

interface Splitter {
  /** Lines that these bytes complete. The bytes may be overwritten afterwards. */
  push(bytes: Uint8Array): ListLine[];
  /** The last line, where no line feed ended it. */
  end(): ListLine[];
}

function createSplitter(name: string): Splitter {
  let line = 0;
  // Pieces of a line that began in an earlier block; joined once, so tiny blocks cost no more.
  let pieces: Buffer[] = [];
  let pieceBytes = 0;

  function failLine(what: string): never {
    throw new EverypageError('LIST_UNREADABLE', `${escapeText(name, 500)} line ${line} ${what}`);
  }

  function takeLine(text: string, into: ListLine[]): void {
    line++;
    if (text.length > MAX_LINE_LENGTH) failLine(`is longer than ${MAX_LINE_LENGTH} characters`);
    const url = text.trim();
    if (url === '' || url.charCodeAt(0) === 0x23) return;
    into.push({ url, line });
  }

  /** `block` holds whole lines, each ended by a line feed. */
  function takeBlock(block: string, into: ListLine[]): void {
    const decodedWell = !block.includes('\ufffd');
    let start = 0;
    for (let end = block.indexOf('\n'); end !== -1; end = block.indexOf('\n', start)) {
      const text = block.slice(start, end);
      takeLine(text, into);
      if (!decodedWell && text.includes('\ufffd')) failLine('is not UTF-8; save the list as UTF-8');
      start = end + 1;
    }
  }

  function joinPieces(last: Buffer): string {
    const text = pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
    pieces = [];
    pieceBytes = 0;
    return text.toString('utf8');
  }

  return {
    push(bytes) {
      const lines: ListLine[] = [];
      const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const end = block.lastIndexOf(0x0a) + 1;
      if (end > 0) takeBlock(joinPieces(block.subarray(0, end)), lines);
      if (end < block.length) {
        pieces.push(Buffer.from(block.subarray(end)));
        pieceBytes += block.length - end;
      }
      // UTF-8 takes at most three bytes a unit, so this line is too long however it goes on.
      if (pieceBytes > MAX_LINE_LENGTH * 3) takeLine(joinPieces(Buffer.alloc(0)), lines);
      return lines;
    },
    end() {
      const lines: ListLine[] = [];
      if (pieceBytes > 0) takeBlock(`${joinPieces(Buffer.alloc(0))}\n`, lines);
      return lines;
    },
  };
}
