/** What an S3 server means that refuses, and what to do about it. */
import { EverypageError, usageError } from '../../core/errors.ts';
import { escapeText } from '../../core/escape.ts';
import { describeStatus, singleHeader } from '../../http/outcome.ts';
import type { RawResponse, TransportError, TransportFault } from '../../http/transport.ts';
import type { S3Place } from './s3-place.ts';
import { valueIn } from './s3-xml.ts';

/** Errors that say nothing of the request, beside the statuses that say so (`outcome.ts`). */
const TRANSIENT: ReadonlySet<string> = new Set([
  // The body did not arrive as it was sent.
  ...['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody', 'RequestTimeout'],
  ...['SlowDown', 'SlowDownRead', 'SlowDownWrite', 'InternalError', 'ServiceUnavailable'],
  ...['OperationAborted', 'ThrottlingException', 'RequestLimitExceeded'],
]);

export interface Refusal {
  readonly status: number;
  /** As S3 names it; empty where the answer has none. */
  readonly code: string;
  readonly message: string;
  /** Where the bucket is, if the server says so. */
  readonly region: string | null;
  /** By the server's clock, in milliseconds since 1970; null where it does not say. */
  readonly date: number | null;
}

export function readRefusal({ status, headers, chunks }: RawResponse): Refusal {
  const text = Buffer.concat(chunks).toString();
  const date = Date.parse(singleHeader(headers['date']) ?? '');
  return {
    status,
    code: valueIn(text, 'Code') ?? '',
    message: valueIn(text, 'Message') ?? '',
    region: singleHeader(headers['x-amz-bucket-region']) ?? valueIn(text, 'Region'),
    date: Number.isNaN(date) ? null : date,
  };
}

export function isTransient({ code }: Refusal): boolean {
  return TRANSIENT.has(code);
}

const KEYS: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'the server does not know the key; check AWS_ACCESS_KEY_ID and the endpoint',
  SignatureDoesNotMatch: 'the secret does not fit the key; check AWS_SECRET_ACCESS_KEY',
  ExpiredToken:
    'the temporary credentials have expired; get new ones, AWS_SESSION_TOKEN among them',
  TokenRefreshRequired: 'the temporary credentials have expired; get new ones',
  InvalidToken:
    'the session token is not valid; set AWS_SESSION_TOKEN to the one of the key, or unset it where the key has none',
};

const GOES_ON = 'Run the same command again later';

/** The server has answered, and will answer the same again. */
export function refused(place: S3Place, refusal: Refusal, now: number): EverypageError {
  const { bucket, where, host, region } = place;
  const { code, status } = refusal;
  const say = (what: string): EverypageError => usageError(`the store ${where}: ${what}`);
  if (code === 'NoSuchBucket') {
    return say(`there is no bucket ${bucket} at ${host}; create it, or correct --store`);
  }
  if (code === 'RequestTimeTooSkewed') {
    const minutes = refusal.date === null ? 0 : Math.round((now - refusal.date) / 60_000);
    const by = minutes === 0 ? '' : ` by ${Math.abs(minutes)} min`;
    return say(`the clock of this machine is wrong${by}, so no signature is accepted; set it`);
  }
  const isElsewhere = refusal.region !== null && refusal.region !== region;
  if (isElsewhere || (status >= 300 && status < 400) || code === 'AuthorizationHeaderMalformed') {
    const other = isElsewhere ? escapeText(refusal.region!, 40) : null;
    return say(
      `the bucket is not in the region ${region}; set AWS_REGION${other === null ? ' to its region' : `=${other}`}`,
    );
  }
  const key = KEYS[code];
  if (key !== undefined) return say(key);
  if (status === 401 || status === 403) {
    return say(
      `access is denied${shown(refusal)}; the credentials need s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject there`,
    );
  }
  const what = `${host} answers ${describeStatus(status)}${shown(refusal)}`;
  if (status < 500) return say(what);
  return new EverypageError('ARCHIVE_WRITE', `the store ${where}: ${what}. ${GOES_ON}`);
}

/** What a server repeats of a request could be a credential, so only its name for the error is shown. */
function shown({ code }: Refusal): string {
  return code === '' ? '' : ` (${escapeText(code, 60)})`;
}

const UNREACHED: Partial<Readonly<Record<TransportFault, string>>> = {
  'no-name': 'its name does not resolve',
  dns: 'its name does not resolve',
  refused: 'nothing listens there',
  'connect-timeout': 'it does not answer',
  certificate:
    'its certificate is not trusted; NODE_EXTRA_CA_CERTS names a file with its authority',
  'no-tls': 'it does not speak TLS there; its URL may have to begin with http://',
  tls: 'the TLS handshake fails',
  proxy: 'the proxy does not lead there; HTTPS_PROXY or http_proxy names it, NO_PROXY goes without',
  'proxy-denied': 'the proxy does not allow it; NO_PROXY goes without',
  'proxy-credentials': 'the proxy asks for credentials; HTTPS_PROXY or http_proxy has them',
  protocol: 'it does not answer in HTTP',
  'idle-timeout': 'it is silent',
  timeout: 'it takes too long',
  'open-files': 'this process may open no further connection; ulimit -n allows more',
};

/** The transport's own words name flags that are for the API. */
export function unreached(
  { where, host }: S3Place,
  { fault }: TransportError,
  hasAnswered: boolean,
): EverypageError {
  const why = UNREACHED[fault] ?? `the connection breaks (${fault})`;
  const what = `the store ${where} cannot be reached at ${host}: ${why}`;
  // Its address was right.
  if (hasAnswered) return new EverypageError('ARCHIVE_WRITE', `${what}. ${GOES_ON}`);
  return usageError(`${what}. AWS_ENDPOINT_URL_S3 says where it is`);
}
