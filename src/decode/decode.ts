/**
 * The contract of this folder: what a body says. It undoes content-encodings, judges JSON, finds the
 * byte ranges of the records under a selection and copies them without insignificant white space.
 * It never builds values out of a page, so it cannot change one; it does no I/O and knows neither
 * archive nor network. It may import only core/. What sibling folders may use stands here.
 */
export { copyCompact, copyRange } from './compact.ts';
export { createJsonScanner, type FoundRecords, type JsonScan } from './json-scan.ts';
export { describeMissing } from './page-shape.ts';
export { parseSelection, type Selection } from './selection.ts';
