import { ArchiveReader } from '../archive/archive-reader.ts';
import { shapeAll } from '../archive-thread/shape-pages.ts';
import { decodeStored } from '../archive-thread/stored-pages.ts';
import { outputShape } from '../core/output-shape.ts';
import type { Place } from '../core/page-request.ts';
import { isExpression } from '../decode/decode.ts';
import { createRecordFinder, createRecordTaker } from '../export/page-records.ts';
import { createReplay } from '../serve/replay.ts';
import {
  type ListenOptions,
  type ReplayServer,
  startReplayServer,
} from '../serve/replay-server.ts';
import { nameOf, targetOf } from '../serve/request-name.ts';
import type { RecordedAnswer, Recording, RecordSlice, ReplayOptions } from '../serve/serve.ts';

export interface ServeOptions extends ReplayOptions, Omit<ListenOptions, 'hosts'> {}

export interface ServedArchive extends ReplayServer {
  /** Where a client begins: the first page. Null where no page is stored. */
  readonly url: string | null;
  /** Of the API that was recorded. */
  readonly recorded: readonly string[];
  readonly pages: number;
}

/**
 * Answers requests as the API did, from an archive, without the network: see docs/serve.md.
 *
 * @throws EverypageError USAGE where there is no such archive or the port is taken, ARCHIVE_DAMAGED,
 * ARCHIVE_LOCKED or ARCHIVE_VERSION where it cannot be read
 * @example
 * const api = await serveArchive('items.ndjson.everypage', { port: 0 });
 * const page = await (await fetch(api.url)).json();
 * await api.close();
 */
export async function serveArchive(
  path: string,
  options: ServeOptions = {},
): Promise<ServedArchive> {
  const archive = ArchiveReader.openReadOnly(path);
  try {
    const recording = recordingOf(archive);
    const { origins, first } = recording;
    const hosts = origins.map((origin) => new URL(origin).hostname);
    const server = await startReplayServer(createReplay(recording, options), { ...options, hosts });
    const { path: firstPath, parameters } = first === null ? targetOf('/') : targetOf(first.url);
    const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
    return {
      origin: server.origin,
      url: first === null ? null : `${server.origin}${firstPath}${query}`,
      recorded: origins,
      pages: archive.counts().stored,
      async close() {
        await server.close();
        archive.close();
      },
    };
  } catch (error) {
    archive.close();
    throw error;
  }
}

/** More hosts in one archive are a list of URLs of anything; links to the others stay. */
const MOST_ORIGINS = 1000;

function recordingOf(archive: ArchiveReader): Recording {
  const origins = new Set<string>();
  const index = archive.requestIndex((url) => {
    const origin = URL.parse(url)?.origin;
    if (origin !== undefined && origins.size < MOST_ORIGINS) origins.add(origin);
    return nameOf(targetOf(url));
  });
  const { pagination } = archive.run;
  const first = index.first();
  const info = first === null ? null : archive.pageInfoAt(first.place);
  let slices: ((from: number, to: number) => RecordSlice) | null = null;

  /** A cursor in a header of the API's own is kept as what the page says about the next one. */
  function cursorHeader(place: Place): Record<string, string> {
    const name = pagination?.nextHeader ?? null;
    const next = name === null ? null : archive.pageInfoAt(place)?.next;
    return name !== null && next?.kind === 'cursor' ? { [name]: next.value } : {};
  }

  return {
    origins: [...origins],
    pagination,
    first,
    pageSize: pagination?.size ?? info?.echoedSize ?? info?.records ?? null,
    named: (name) => index.named(name),
    beginning: (name, limit) => index.beginning(name, limit),
    attempts: (place) => archive.attemptsOf(place),
    answer(place): RecordedAnswer {
      const page = archive.pageAt(place)!;
      const { status, headers, encoding, body } = page;
      return {
        status,
        headers: { ...(headers === null ? {} : JSON.parse(headers)), ...cursorHeader(place) },
        body,
        encoding,
        decode: () => decodeStored(archive, page).body,
      };
    },
    slice(from, to) {
      if (pagination === null || pagination.records === null || isExpression(pagination.records)) {
        return null;
      }
      slices ??= createSlices(archive, pagination.records);
      return slices(from, to);
    },
  };
}

/** Where the records of one page stand in the list. */
interface PageOfRecords {
  readonly place: Place;
  /** Records before it. */
  readonly before: number;
  readonly count: number;
  readonly skip: number;
  readonly repeats: ReadonlySet<number> | undefined;
}

/** All pages are read once, for what an export would leave out of each. */
function createSlices(
  archive: ArchiveReader,
  records: string,
): (from: number, to: number) => RecordSlice {
  const take = createRecordTaker(records);
  const find = createRecordFinder(records);
  const pages: PageOfRecords[] = [];
  let total = 0;
  const output = outputShape(archive.run.pagination!, { select: records });
  for (const page of shapeAll(archive, output)) {
    const count = take(page).spans.length / 2;
    const { place, skip = 0, repeats } = page;
    pages.push({ place, before: total, count, skip, repeats });
    total += count;
  }

  return (from, to) => {
    const found: Uint8Array[] = [];
    let form: PageOfRecords | null = null;
    for (const page of pages) {
      const { place, before, count, skip, repeats } = page;
      if (before + count <= from || before >= to) continue;
      form ??= page;
      const { url, body } = decodeStored(archive, archive.pageAt(place)!);
      const { source, spans } = take({ place, url, body, skip, ...(repeats && { repeats }) });
      for (let at = Math.max(0, from - before); at < Math.min(count, to - before); at += 1) {
        found.push(source.slice(spans[2 * at]!, spans[2 * at + 1]!));
      }
    }
    const { place } = form ?? pages.findLast(({ count }) => count > 0) ?? pages.at(-1)!;
    const { url, body } = decodeStored(archive, archive.pageAt(place)!);
    const { spans, count } = find({ place, url, body });
    const span = count === 0 ? null : ([spans[0]!, spans[2 * count - 1]!] as const);
    return { records: found, page: place, span, total };
  };
}
