/** Records as a table for a terminal. */
import { escapeText } from '../core/escape.ts';
import { type Field, RecordFields } from '../decode/decode.ts';
import type { Painter } from './paint.ts';
import { fitText, textWidth } from './text-width.ts';

const BETWEEN = '  ';
/** A column is not wider, nor, if there are many, narrower than its name and this. */
const WIDEST = 48;
const NARROWEST = 8;
const MOST_SHOWN = 500;
/** The part of an id that is left of it is no use: the first such column is cut last. */
const IDENTIFIER = /(?:^|[._-])(?:id|uuid|guid|key)$/i;

interface Cell {
  readonly text: string;
  readonly isNumber: boolean;
}

/**
 * A header and a line for each record, within `columns` of the terminal: long values end in `…`, and
 * columns that do not fit are named below. What could move a cursor is escaped.
 *
 * @param records JSON text of each
 */
export function tableText(
  records: readonly Uint8Array[],
  columns: number,
  paint: Painter,
): readonly string[] {
  const fields = RecordFields.found();
  for (const record of records) fields.read(record, 0);
  const found = fields.columns();
  const rows = records.map((record) => {
    fields.read(record, 0);
    return found.map((field) => cellOf(record, fields.has(field) ? field : null));
  });
  const names = found.map(({ path }) => escapeText(path.length === 0 ? 'value' : path.join('.')));
  const natural = names.map((name, at) =>
    Math.max(1, textWidth(name), ...rows.map((row) => textWidth(row[at]!.text))),
  );
  const widths = fitWidths(
    natural,
    columns,
    names.findIndex((name) => IDENTIFIER.test(name)),
  );
  const areNumbers = widths.map((_, at) =>
    rows.every((row) => row[at]!.isNumber || row[at]!.text === ''),
  );
  const line = (texts: readonly string[]): string =>
    widths
      .map((width, at) => padded(fitText(texts[at]!, width), width, areNumbers[at]!))
      .join(BETWEEN)
      .trimEnd();
  const left = names.slice(widths.length);
  return [
    paint('bold', line(names)),
    ...rows.map((row) => line(row.map(({ text }) => text))),
    ...(left.length === 0 ? [] : [paint('dim', fitText(`not shown: ${left.join(', ')}`, columns))]),
  ];
}

/**
 * Widths of as many columns as fit, the widest made narrower first.
 *
 * @param whole the column that is not made narrower; -1 for none
 */
function fitWidths(natural: readonly number[], columns: number, whole: number): readonly number[] {
  const atMost = (most: number): number[] =>
    natural.map((width, at) => Math.min(width, at === whole ? WIDEST : most));
  for (let most = WIDEST; most >= NARROWEST; most -= 1) {
    const widths = atMost(most);
    if (lineWidth(widths) <= columns) return widths;
  }
  const widths = atMost(NARROWEST);
  while (widths.length > 1 && lineWidth(widths) > columns) widths.pop();
  return widths.map((width) => Math.min(width, columns));
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, (widths.length - 1) * BETWEEN.length);
}

function cellOf(record: Uint8Array, field: Field | null): Cell {
  if (field === null) return { text: '', isNumber: false };
  const literal = Buffer.from(record.subarray(field.start, field.end)).toString();
  const isNumber = /^[-\d]/.test(literal);
  if (literal === 'null') return { text: '', isNumber };
  const text: string = literal.startsWith('"') ? JSON.parse(literal) : literal;
  return { text: escapeText(text, MOST_SHOWN), isNumber };
}

function padded(text: string, width: number, isRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)));
  return isRight ? space + text : text + space;
}
