/**
 * The contract of this folder: types. One pass over records infers the narrowest type of each column
 * that holds every value exactly (docs/typed-output.md has the lattice); a reader then takes rows of
 * those types out of the records. Numbers are read from their digits, never through a double. It does
 * no I/O and knows neither archive nor format. It may import core/ and the contract of decode/.
 */

export { PinFault } from './check-pinned.ts';
export { jsonTextOf, withoutNesting } from './column-types.ts';
export { createInference } from './infer.ts';
export { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
export { readLiteral, scaleOf, unscaled, wholeDigits } from './number-literal.ts';
export { NumberText } from './number-text.ts';
export { type Pin, readPinnedTypes } from './pinned-types.ts';
export { createRowReader } from './read-rows.ts';
export { unmetNotes } from './schema-notes.ts';
export { daysAt, microsecondsAt, secondsAt } from './time-literal.ts';
export type { ColumnType, Field, RecordSchema, RowValue } from './types.ts';
export { typeScriptOf } from './typescript.ts';
