/**
 * The contract of this folder: what a body says. It undoes content-encodings, checks JSON, finds the
 * byte ranges of the records under a selection and copies them without insignificant white space. It
 * also picks single values and the keys of records out of a page, as literal text. It never rewrites
 * a value of a page, so it cannot change one: only `jmespath/` builds values, and they remember
 * their bytes. It does no I/O and knows neither archive nor network. It may import only core/. What
 * sibling folders may use stands here.
 */
export { describeMissing } from './body-faults.ts';
export { decodeBody } from './content-encoding.ts';
export { nullsIn, withoutRecords } from './cut-records.ts';
export { TextHashes } from './distinct.ts';
export { createJsonScanner, freeSpans, type JsonScan, type JsonScanner } from './json-scan.ts';
export { compactRange, copyCompact, copyRange, endOfSpace, keyName } from './json-tokens.ts';
export { expressionOf, listOfExpression } from './list-of-expression.ts';
export { elementsIn, MOST_ELEMENTS, pageValue } from './page-value.ts';
export { createPicker, endOfString, endOfValue, recordsDigest } from './pick-values.ts';
export { type PageCondition, readCondition, readSelection } from './read-selection.ts';
export { readRecordExpressions, type ShapeRecord } from './record-expressions.ts';
export { type Field, RecordFields } from './record-fields.ts';
export {
  createKeyLister,
  createKeyReader,
  eachKey,
  KEY_PART_BYTES,
  type KeyPart,
  type RecordKeys,
} from './record-keys.ts';
export {
  type FoundRecords,
  isExpression,
  parseSelection,
  pathOf,
  type Selection,
} from './selection.ts';
export { writeMeaning } from './string-meaning.ts';
export { isWritten, writtenKey } from './written-key.ts';
