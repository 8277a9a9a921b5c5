import type { Format } from './format.ts';
import { writeRecords } from './write-records.ts';

/**
 * One record a line (`.ndjson`, `.jsonl`), each with the bytes the server sent, less insignificant
 * white space. A raw line feed cannot stand inside a JSON string, so a line is always a whole record.
 */
export const ndjson: Format = (pages, destination, selection) =>
  writeRecords(pages, destination, selection, {
    beforeFirst: '',
    between: '\n',
    afterLast: '\n',
    none: '',
  });
