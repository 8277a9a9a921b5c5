/**
 * The contract of this folder: what a body says. It undoes content-encodings, judges JSON, finds the
 * byte ranges of the records under a selection and copies them without insignificant white space.
 * It never builds values out of a page, so it cannot change one; it does no I/O and knows neither
 * archive nor network. It imports only core/; other folders import it through this file.
 */
export { type BodyCheck, type BodyVerdict, createBodyCheck } from './check-body.ts';
export { copyCompact, copyRange } from './compact.ts';
export { type DecodedBody, decodeBody } from './content-encoding.ts';
export { createJsonScanner, type JsonScan, type JsonScanner } from './json-scan.ts';
export { describeMissing } from './page-shape.ts';
export { parseSelection, type Selection } from './selection.ts';
