/** Whether a page says of itself that it is none. Throws `EverypageError` `SELECTION` where it does not fit the page. */
export interface PageCondition {
  /** As the user wrote it. */
  readonly text: string;
  /** @param page valid JSON */
  readonly isMet: (page: Uint8Array) => boolean;
}

/**
 * Reads a JMESPath expression that is true of pages that failed; null and empty text are none.
 * `true`, `false` and `null` mean those values here, where JMESPath itself would look for fields of
 * these names.
 *
 * Throws `EverypageError` with code `SELECTION`.
 *
 *     await loadCondition('ok == false');
 */
export async function loadCondition(text: string | null): Promise<PageCondition | null> {
  if (text === null || text === '') return null;
  const { readCondition } = await import('./jmespath/read-expression.ts');
  return { text, isMet: readCondition(text) };
}
