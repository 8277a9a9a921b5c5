import { EverypageError } from '../core/errors.ts';
import type { TableOptions } from '../core/table-options.ts';
import { formatFor, isTable, tableFor } from './choose-format.ts';
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

/** Writes pages while they come; `canFollow` says of which form. */
export function writeFollowing(
  form: OutputForm,
  pages: AsyncIterable<ExportItem>,
  destination: Destination,
  selection: string | null,
  options: TableOptions,
): Promise<Written> {
  const { format } = form;
  const shape = createRecordShaper(selection, options);
  if (isTable(format)) throw new EverypageError('INTERNAL', `${format} needs all pages`);
  return compressed(form, destination, async (to) => {
    const counts = await formatFor(format)(shape.pages(pages), to, selection);
    return withLeftOut({ ...counts, notes: [] }, shape.leftOut);
  });
}

/** Writes pages that are all there, in any form. */
export function writeWhole(
  form: OutputForm,
  pages: PageSource,
  destination: Destination,
  selection: string | null,
  options: TableOptions,
): Promise<Written> {
  const { format } = form;
  const shape = createRecordShaper(selection, options);
  const shaped: PageSource = () => shape.pages(pages());
  return compressed(form, destination, async (to) => {
    const written = isTable(format)
      ? await tableFor(format)(shaped, to, selection, options)
      : { ...(await formatFor(format)(shaped(), to, selection)), notes: [] };
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
