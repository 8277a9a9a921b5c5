import type { Format } from './format.ts';
import { writeRecords } from './write-records.ts';

/** One JSON array of all records, a record a line, each with the bytes the server sent. */
export const json: Format = (pages, destination, selection) =>
  writeRecords(pages, destination, selection, {
    beforeFirst: '[\n',
    between: ',\n',
    afterLast: '\n]\n',
    none: '[]\n',
  });
