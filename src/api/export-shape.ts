import type { ArchiveReader } from '../archive/archive-reader.ts';
import { keptShape, type OutputShape, outputShape } from '../core/output-shape.ts';

/** As the user says; without a word as the run did. */
export function shapeOf(
  { run: { pagination, selection } }: ArchiveReader,
  options: { readonly select?: string; readonly wholePages?: boolean },
): OutputShape {
  const { select = selection, wholePages } = options;
  if (pagination === null) return { kind: 'selection', select: wholePages ? null : select };
  const isSaid = wholePages || options.select !== undefined;
  return isSaid ? outputShape(pagination, options) : keptShape(pagination);
}
