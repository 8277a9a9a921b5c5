/** Where the records of a page stand. */
export interface FoundRecords {
  /** Records under the selection. */
  readonly count: number;
  /** Start and end (exclusive) of each record, in bytes: `2 * count` numbers, then stale ones. */
  readonly spans: Uint32Array;
  /** No insignificant white space stands anywhere inside the top-level value. */
  readonly compact: boolean;
  /**
   * What the spans count in, where that is not the page's body: the records that an expression
   * made, in order, with one comma between two of them.
   */
  readonly source?: Uint8Array;
}
