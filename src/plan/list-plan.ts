import { usageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import type { Method, PageRequest } from '../core/page-request.ts';
import type { Plan, PlanSource } from './plan.ts';
import { checkListReadable, countListLines, readUrlList } from './url-list.ts';
import { parseUrlTemplate } from './url-template.ts';
import { checkUrl } from './written-url.ts';

const BATCH_LENGTH = 256;

export interface ListPlanOptions {
  /** In the order of their pages in the output. */
  readonly sources: readonly PlanSource[];
  readonly method: Method;
  /** Sent with every request. */
  readonly body: Uint8Array | null;
  /** What `-` reads. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Further names of query parameters that error messages must not show. */
  readonly secretParams?: readonly string[];
}

/** URLs as they were written. */
interface WrittenUrls {
  readonly texts: readonly string[];
  /** How messages call the place where one was; null for an argument. */
  readonly writtenAt: ((index: number) => string) | null;
  /** `checkUrl` would give each back as it is. */
  readonly areNormal?: boolean;
}

/**
 * The plan of a list of URLs: all pages of all sources, in order, in one branch. Positions run on
 * from source to source, and a URL that stands twice is two pages.
 *
 * `batches()` throws `EverypageError` `URL_INVALID` or `LIST_UNREADABLE` when it comes to a URL or
 * a line that is wrong; `checkSources` finds before any request what can be found without reading.
 * `count()` reads files to their end and sources of unknown length not at all: it is null then.
 *
 * @example
 * const sources = [{ kind: 'template', text: 'https://a.example/items?page=[1-500]' }] as const;
 * const plan = createListPlan({ sources, method: 'GET', body: null });
 * for await (const batch of plan.batches()) for (const request of batch) console.log(request.url);
 */
export function createListPlan(options: ListPlanOptions): Plan {
  const { sources, method, body, secretParams } = options;
  return {
    async *batches() {
      let position = 0;
      for (const source of sources) {
        for await (const { texts, writtenAt, areNormal } of writtenUrls(source, options)) {
          const requests: PageRequest[] = [];
          for (const text of texts) {
            const at = writtenAt?.(requests.length) ?? null;
            const url = areNormal ? text : checkUrl(text, at, secretParams);
            requests.push({ place: { branch: 0, position }, method, url, body, source: at });
            position += 1;
          }
          yield requests;
        }
      }
    },
    async count() {
      let total = 0;
      for (const source of sources) {
        const count = await countUrls(source);
        if (count === null) return null;
        total += count;
      }
      return total;
    },
  };
}

/**
 * Finds, before any request is sent, what is wrong with the sources: URLs and ranges of arguments,
 * lists that cannot be opened, standard input named twice. Lines of lists are checked when they are
 * read. Throws `EverypageError` `URL_INVALID`, `LIST_UNREADABLE` or `USAGE`.
 */
export async function checkSources(
  sources: readonly PlanSource[],
  secretParams?: readonly string[],
): Promise<void> {
  if (sources.filter((source) => source.kind === 'stdin').length > 1) {
    throw usageError('standard input (-) can be read only once');
  }
  for (const source of sources) {
    if (source.kind === 'literal') checkUrl(source.text, null, secretParams);
    if (source.kind === 'file') await checkListReadable(source.path);
    if (source.kind === 'template') {
      const template = parseUrlTemplate(source.text);
      checkUrl(template.at(0), null, secretParams);
      checkUrl(template.at(template.count - 1), null, secretParams);
    }
  }
}

async function countUrls(source: PlanSource): Promise<number | null> {
  switch (source.kind) {
    case 'template':
      return parseUrlTemplate(source.text).count;
    case 'literal':
      return 1;
    case 'file':
      return countListLines(source.path);
    case 'stdin':
      return null;
    case 'iterable':
      return Array.isArray(source.urls) ? source.urls.length : null;
  }
}

/** The URLs of a source, in batches of 1 to `BATCH_LENGTH`. */
async function* writtenUrls(
  source: PlanSource,
  options: ListPlanOptions,
): AsyncGenerator<WrittenUrls> {
  switch (source.kind) {
    case 'template': {
      const template = parseUrlTemplate(source.text);
      const first = template.at(0);
      const areNormal = template.isAlike && checkUrl(first, null, options.secretParams) === first;
      yield* batched(template, null, areNormal);
      break;
    }
    case 'literal':
      yield { texts: [source.text], writtenAt: null };
      break;
    case 'file':
      yield* listBatches(source.path, source.path);
      break;
    case 'stdin': {
      const { stdin } = options;
      if (stdin === undefined) {
        throw usageError('there is no standard input to read URLs (-) from');
      }
      yield* listBatches(stdin, 'stdin');
      break;
    }
    case 'iterable':
      if (Symbol.iterator in source.urls) {
        yield* batched(source.urls, (index) => `URL ${index + 1} of the list`);
      } else {
        // One by one: the next may be long in coming, and a full batch would hold this one up.
        let number = 0;
        for await (const text of source.urls) {
          const writtenAt = `URL ${++number} of the list`;
          yield { texts: [text], writtenAt: () => writtenAt };
        }
      }
      break;
  }
}

function* batched(
  urls: Iterable<string>,
  writtenAt: WrittenUrls['writtenAt'],
  areNormal = false,
): Generator<WrittenUrls> {
  let texts: string[] = [];
  let before = 0;
  const batch = (): WrittenUrls => {
    const first = before;
    const at = writtenAt && ((index: number): string => writtenAt(first + index));
    return { texts, writtenAt: at, areNormal };
  };
  for (const text of urls) {
    texts.push(text);
    if (texts.length < BATCH_LENGTH) continue;
    yield batch();
    before += texts.length;
    texts = [];
  }
  if (texts.length > 0) yield batch();
}

async function* listBatches(
  from: string | AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<WrittenUrls> {
  const shownName = escapeText(name, 200);
  for await (const lines of readUrlList(from, name)) {
    for (let start = 0; start < lines.length; start += BATCH_LENGTH) {
      const batch = lines.slice(start, start + BATCH_LENGTH);
      yield {
        texts: batch.map(({ url }) => url),
        writtenAt: (index) => `${shownName} line ${batch[index]!.line}`,
      };
    }
  }
}
