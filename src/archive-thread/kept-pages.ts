/** What is stored already of a run, as pages that arrive are compared with it. */
import { ArchiveReader } from '../archive/archive-reader.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { decodeStored } from './stored-pages.ts';

export interface KeptPages {
  /** The first page that has records, decoded; null where none has. */
  readonly firstWithRecords: () => Uint8Array | null;
  /** The keys of a page's last records as they are kept (`KeyPart.list`); null where it is not stored or has none. */
  readonly lastKeysAt: (place: Place) => Uint8Array | null;
  readonly pageInfoAt: (place: Place) => PageInfo | null;
  /** Decoded; null where it is not stored. */
  readonly bodyAt: (place: Place) => Uint8Array | null;
}

/** @param firstIn an archive of the same run that has the first page with records; null where this one has it */
export function keptPagesOf(archive: ArchiveReader, firstIn: string | null): KeptPages {
  const firstElsewhere = firstIn === null ? null : firstBodyOf(firstIn);
  return {
    firstWithRecords: () => firstBodyIn(archive) ?? firstElsewhere,
    lastKeysAt: (place) => archive.lastKeysAt(place),
    pageInfoAt: (place) => archive.pageInfoAt(place),
    bodyAt(place) {
      const page = archive.pageAt(place);
      return page === null ? null : decodeStored(archive, page).body;
    },
  };
}

function firstBodyIn(archive: ArchiveReader): Uint8Array | null {
  const first = archive.firstWithRecords();
  return first === null ? null : decodeStored(archive, first).body;
}

function firstBodyOf(path: string): Uint8Array | null {
  const archive = ArchiveReader.openReadOnly(path);
  try {
    return firstBodyIn(archive);
  } finally {
    archive.close();
  }
}
