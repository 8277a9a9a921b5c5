/**
 * The contract of this folder: what a body says. It undoes content-encodings, judges JSON, finds the
 * byte ranges of the records under a selection and copies them without insignificant white space;
 * it picks single values and the identities of records out of a page, as literal text. It never
 * writes a value of a page anew, so it cannot change one: only `jmespath/` builds values, and they
 * remember their bytes. It does no I/O and knows neither archive nor network. It may import only
 * core/. What sibling folders may use stands here.
 */
export { copyCompact, copyRange } from './compact.ts';
export { decodeBody } from './content-encoding.ts';
export type { FoundRecords } from './found-records.ts';
export {
  type PageCondition,
  readCondition,
  readSelection,
} from './jmespath/read-expression.ts';
export { createJsonScanner, type JsonScan, type JsonScanner } from './json-scan.ts';
export { describeMissing } from './page-shape.ts';
export { createPicker } from './pick-values.ts';
export { createKeyReader } from './record-keys.ts';
export { recordsDigest } from './records-digest.ts';
export { isExpression, parseSelection, pathOf, type Selection } from './selection.ts';
