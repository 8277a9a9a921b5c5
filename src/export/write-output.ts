import type { TableOptions } from '../core/table-options.ts';
import { FORMATS, isTable, TABLES } from './choose-format.ts';
import { createCompressor } from './compress.ts';
import type { Destination, ExportCounts, ExportItem, OutputForm, PageSource } from './format.ts';
import { createRecordShaper } from './shape-records.ts';

export interface Written extends ExportCounts {
  /** What a user should know of the output, a sentence each. */
  readonly notes: readonly string[];
  /** Records that `where` left out. */
  readonly leftOut: number;
}

/** Whether such an output can be written while its pages come. */
export function canFollow({ format }: OutputForm): boolean {
  return !isTable(format);
}

/** Writes pages in any form; they may come over time where `canFollow` says so. */
export function writePages(
  form: OutputForm,
  pages: () => AsyncIterable<ExportItem> | Iterable<ExportItem>,
  destination: Destination,
  selection: string | null,
  options: TableOptions,
): Promise<Written> {
  const { format } = form;
  const shape = createRecordShaper(selection, options);
  const shaped = () => shape.pages(pages());
  return compressed(form, destination, async (to) => {
    // A table is written only once all its pages are there.
    const written = isTable(format)
      ? await TABLES[format](shaped as PageSource, to, selection, options)
      : { ...(await FORMATS[format](shaped(), to, selection)), notes: [] };
    return withLeftOut(written, shape.leftOut);
  });
}

/** A condition that nothing meets is often one that is written wrong, and no error. */
function withLeftOut(written: Omit<Written, 'leftOut'>, leftOut: number): Written {
  if (written.records > 0 || leftOut === 0) return { ...written, leftOut };
  const note = `no record meets --where; in JMESPath a text is written 'like this', and "like this" is the name of a field`;
  return { ...written, leftOut, notes: [...written.notes, note] };
}

/** Bytes are counted as they reach the destination. */
async function compressed(
  { compression }: OutputForm,
  destination: Destination,
  write: (to: Destination) => Promise<Written>,
): Promise<Written> {
  if (compression === null) return write(destination);
  let bytes = 0;
  const compressor = createCompressor(compression, {
    write(chunk) {
      bytes += chunk.length;
      return destination.write(chunk);
    },
  });
  try {
    const written = await write(compressor);
    await compressor.end();
    return { ...written, bytes };
  } finally {
    compressor.abort();
  }
}
