import { columnNames } from '../core/column-names.ts';
import type { TableOptions } from '../core/table-options.ts';
import { counted } from '../core/units.ts';
import { type Field, RecordFields } from '../decode/decode.ts';
import { type Pin, readPinnedTypes, unmetNotes } from '../schema/schema.ts';
import { BlockWriter } from './block-writer.ts';
import { CsvCells } from './csv-cells.ts';
import type { ExportPage, PageSource, TableFormat } from './format.ts';
import { createRecordTaker } from './page-records.ts';
import { provenanceKeys, provenanceOf } from './provenance.ts';
import { inferSchema } from './typed-rows.ts';

const LF = 0x0a;
const TAB = '\t';
const BOM = Buffer.from('\ufeff');

/** What the column of records that are no objects is called. */
const WHOLE = 'value';

/** Comma-separated values (RFC 4180, with LF at the end of a line); docs/output.md has the details. */
export const csv: TableFormat = (pages, destination, selection, options) =>
  writeRows(pages, new BlockWriter(destination), selection, options);

/** The same with tabs; values that have tabs or line ends are quoted as there. */
export const tsv: TableFormat = (pages, destination, selection, options) =>
  writeRows(pages, new BlockWriter(destination), selection, { ...options, csvDelimiter: TAB });

interface Columns {
  readonly fields: RecordFields;
  readonly at: readonly Field[];
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

async function writeRows(
  pages: PageSource,
  out: BlockWriter,
  selection: string | null,
  options: TableOptions,
): ReturnType<TableFormat> {
  const { fields, at, names, notes } = await findColumns(pages, selection, options);
  const { provenance, run } = options;
  const cells = new CsvCells(options.csvDelimiter, options.csvSafe);
  const delimiter = options.csvDelimiter.charCodeAt(0);
  const isOne = names.length === 1;
  if (options.csvBom) {
    out.reserve(BOM.length);
    out.add(BOM);
  }
  if (names.length > 0) {
    const header = Buffer.from(
      `${names.map((name) => cells.textOf(name)).join(options.csvDelimiter)}\n`,
    );
    const room = out.reserve(header.length);
    if (room) await room;
    out.add(header);
  }
  const take = createRecordTaker(selection);
  let records = 0;
  for await (const page of pages()) {
    const { source, spans } = take(page);
    const beside = provenance ? besideOf(page, run, cells, options.csvDelimiter) : NOTHING;
    for (let record = 0; record < spans.length; record += 2) {
      records += 1;
      fields.read(source, spans[record]!);
      const room = out.reserve(mostBytes(fields, at) + beside.length);
      if (room) await room;
      const { block, used: rowStart } = out;
      let used = rowStart;
      for (let index = 0; index < at.length; index += 1) {
        if (index > 0) block[used++] = delimiter;
        const field = at[index]!;
        if (fields.has(field)) used = cells.write(block, used, source, field.start, field.end);
      }
      block.set(beside, used);
      used += beside.length;
      // Many readers pass over an empty line.
      if (isOne && used === rowStart) used = cells.writeEmpty(block, used);
      block[used++] = LF;
      out.used = used;
    }
  }
  await out.flush();
  const isNamed = options.columns !== null && records > 0;
  const unmet = isNamed ? names.filter((_, index) => at[index]?.seenIn === 0) : [];
  return { records, bytes: out.writtenBytes, notes: [...notes, ...unmetNotes(unmet)] };
}

const NOTHING = new Uint8Array(0);

/** The cells of `--provenance`, behind those of the record. */
function besideOf(page: ExportPage, run: string, cells: CsvCells, delimiter: string): Uint8Array {
  const texts = provenanceOf(page.place, run).map((text) => cells.textOf(text));
  return Buffer.from(texts.map((text) => `${delimiter}${text}`).join(''));
}

/** The most bytes of the current record's row: quoting at most doubles a value, and adds three characters. */
function mostBytes(fields: RecordFields, at: readonly Field[]): number {
  let bytes = 4 * (at.length + 1);
  for (const field of at) if (fields.has(field)) bytes += 2 * (field.end - field.start);
  return bytes;
}

async function findColumns(
  pages: PageSource,
  selection: string | null,
  options: TableOptions,
): Promise<Columns> {
  const { columns, schema, nested, provenance } = options;
  // What contradicts a type that is pinned is found before anything is written.
  if (schema !== null) await inferSchema(pages, selection, options);
  const more = provenance ? provenanceKeys : [];
  if (columns !== null) {
    const named = RecordFields.at(columns.map(({ path }) => path));
    const given = [...columns.map(({ name }) => name), ...more];
    return { ...named, names: columnNames(given), notes: [] };
  }
  const fields = RecordFields.found(nested === 'json' ? 1 : undefined);
  if (schema !== null) addPinned(fields, readPinnedTypes(schema), [], nested === 'json');
  const take = createRecordTaker(selection);
  for await (const page of pages()) {
    const { source, spans } = take(page);
    for (let index = 0; index < spans.length; index += 2) fields.read(source, spans[index]!);
  }
  const at = fields.columns();
  const paths = at.map(({ path }) => (path.length === 0 ? WHOLE : path.join('.')));
  // Half of a surrogate pair is no UTF-8.
  const given = [...paths.map((path) => path.toWellFormed()), ...(at.length === 0 ? [] : more)];
  const names = columnNames(given);
  const renamed = names.filter((name, index) => name !== given[index]);
  return { fields, at, names, notes: renamed.length === 0 ? [] : [renamedNote(renamed)] };
}

/** The columns that a schema names are there whatever comes. */
function addPinned(
  fields: RecordFields,
  pin: Pin,
  path: readonly string[],
  isNestedJson: boolean,
): void {
  const isStruct = pin?.kind === 'struct' && !(isNestedJson && path.length > 0);
  if (isStruct) {
    for (const [key, its] of pin.fields) addPinned(fields, its, [...path, key], isNestedJson);
  } else if (path.length > 0) fields.add(path).isWhole = pin?.kind === 'json';
}

const SHOWN = 5;

function renamedNote(renamed: readonly string[]): string {
  const more = renamed.length > SHOWN ? ` and ${renamed.length - SHOWN} more` : '';
  const are = counted(renamed.length, 'column has a name of its', 'columns have names of their');
  return `${are} own, because the records' is empty or stands twice: ${renamed.slice(0, SHOWN).join(', ')}${more}`;
}
