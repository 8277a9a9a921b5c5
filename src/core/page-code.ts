/** No whole answer came (`DNS` … `CLOSED`), or the body of a good one is no page (`EMPTY` …). */
const causes = [
  'DNS',
  'CONNECTION_REFUSED',
  'CONNECT_TIMEOUT',
  'PRIVATE_ADDRESS',
  'CERTIFICATE',
  'TLS',
  'PROXY',
  'PROXY_DENIED',
  'PROXY_CREDENTIALS',
  'PROTOCOL',
  'CONNECTION_RESET',
  'TRUNCATED',
  'UNPROCESSED',
  'CALM',
  'IDLE_TIMEOUT',
  'TIMEOUT',
  'TOO_SLOW',
  'TOO_LARGE',
  'CLOSED',
  'EMPTY',
  'ENCODING',
  'NOT_JSON',
  'FAIL_WHEN',
  'SELECTION',
] as const;

/**
 * Stable codes of why a page did not come, for machines; the sentence beside one is for people and may
 * change. `HTTP_404` and its like: the server answered with this status, which is no page. In the
 * style of `ErrorCode`; docs/limits-and-retries.md says what each means.
 */
export type PageCode = `HTTP_${number}` | (typeof causes)[number];

/** Whether a text that was kept is one of the codes. */
export function isPageCode(text: string): text is PageCode {
  return /^HTTP_\d+$/.test(text) || causes.some((cause) => cause === text);
}

/**
 * The code of a failed page as far as its status tells it: null without a status, and for a 2xx, whose
 * body was refused for a reason that the status does not know.
 *
 * @example codeOfStatus(404) // 'HTTP_404'
 */
export function codeOfStatus(status: number | null): PageCode | null {
  if (status === null) return null;
  // Nothing can come with these two: the status is the reason.
  const isRefusedBody = status >= 200 && status < 300 && status !== 204 && status !== 205;
  return isRefusedBody ? null : `HTTP_${status}`;
}
