/** The types of the records, for a report. */
import type { ArchiveReader } from '../archive/archive-reader.ts';
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import type { OutputShape } from '../core/output-shape.ts';
import { createRecordTaker } from '../export/page-records.ts';
import type { SchemaFacts } from '../report/report-data.ts';
import { type ColumnType, createInference, type Field } from '../schema/schema.ts';
import { shapeAll } from './shape-pages.ts';

/** Types are taken from so many bytes of pages: the records of more take minutes to read. */
const MOST_BYTES = 64 * 1024 * 1024;
const SHOWN_COLUMNS = 300;
const SHOWN_NAME = 200;

/** Null where there are no records, or none that can be read. */
export function reportSchema(archive: ArchiveReader, output: OutputShape): SchemaFacts | null {
  const take = createRecordTaker(output.select);
  const inference = createInference();
  let bytes = 0;
  let isOfAll = true;
  try {
    for (const page of shapeAll(archive, output)) {
      const { source, spans } = take(page);
      for (let at = 0; at < spans.length; at += 2) inference.add(source, spans[at]!);
      bytes += page.body.length;
      isOfAll = bytes < MOST_BYTES;
      if (!isOfAll) break;
    }
  } catch (error) {
    // Pages that are not what was stored are named above all else; here they only have no types.
    if (!(error instanceof EverypageError)) throw error;
    return null;
  }
  const { records, columns } = inference.schema();
  if (records === 0) return null;
  const shown = fieldsOf(columns, '').slice(0, SHOWN_COLUMNS);
  return { records, isOfAll, columns: shown };
}

/** Fields of objects stand behind those, with a dot between their names. */
function fieldsOf(fields: readonly Field[], before: string): SchemaFacts['columns'] {
  return fields.flatMap(({ key, type, hasNulls, isOptional }) => {
    const name = escapeText(`${before}${key}`, SHOWN_NAME);
    const own = { name, type: typeWords(type), mayBeNull: hasNulls, mayBeAbsent: isOptional };
    const inner = type.kind === 'struct' ? fieldsOf(type.fields, `${name}.`) : [];
    return [own, ...inner];
  });
}

function typeWords(type: ColumnType): string {
  switch (type.kind) {
    case 'decimal':
      return type.scale === 0
        ? `integer of ${type.precision} digits`
        : `decimal, ${type.scale} places`;
    case 'timestamp':
      return `timestamp ${type.offset === 'Z' ? 'UTC' : type.offset}`;
    case 'list':
      return `list of ${typeWords(type.items)}`;
    case 'struct':
      return 'object';
    case 'json':
      return type.of.length === 0 ? 'null' : type.of.join(' or ');
    default:
      return type.kind;
  }
}
