import type { Json } from './api-json.ts';

/** One record of the list, before an API gives it a form. */
export interface ApiItem {
  /** In order of making: 0, 1, …; one that is inserted later gets the next number. */
  readonly ordinal: number;
  /** Its place in the list; between two neighbours there is always room. */
  readonly rank: number;
  /** The rank as a share of the list at the start: 0 at its head, near 1 at its tail. */
  readonly share: number;
}

/** How an API writes a record. */
export interface RecordForm {
  /** A record's identity: a dotted path from the record. */
  readonly keyPath: string;
  readonly record: (item: ApiItem) => Json;
}
