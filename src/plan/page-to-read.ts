/** A page as its page info is read from it. */
export interface PageToRead {
  /** Its own URL, against which relative targets are resolved. */
  readonly url: string;
  /** At least those of `pagingHeaders`, names in lower case, repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The literal text at a dotted path of the page: a string with its quotes, a container whole. Null
   * where nothing stands there.
   */
  readonly literal: (path: string) => string | null;
  readonly recordCount: number;
  /** Literal text, or null without a key or without records. */
  readonly firstKey: string | null;
  readonly lastKey: string | null;
  readonly digest: string | null;
}
