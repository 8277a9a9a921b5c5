/**
 * The contract of this folder: types. One pass over records infers the narrowest type of each column
 * that holds every value exactly (docs/typed-output.md has the lattice); a reader then takes rows of
 * those types out of the records. Numbers are read from their digits, never through a double. It does
 * no I/O and knows neither archive nor format. It may import core/ and the contract of decode/.
 */

export { PinFault } from './check-pinned.ts';
export { createInference, unmetNotes } from './infer.ts';
export { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
export { NumberText, readLiteral, scaleOf, unscaled, wholeDigits } from './number-literal.ts';
export { type Pin, readPinnedTypes } from './pinned-types.ts';
export { createRowReader } from './read-rows.ts';
export { daysAt, microsecondsAt, secondsAt } from './time-literal.ts';
export type { ColumnType, Field, RecordSchema, RowValue } from './types.ts';
export { jsonTextOf, withoutNesting } from './types.ts';
export { typeScriptOf } from './typescript.ts';
