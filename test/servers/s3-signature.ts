/** Whether a request is signed as S3 wants it, by AWS's own signer. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignedRequest {
  readonly method: string;
  /** With the query. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** S3's name for what is wrong; null where nothing is. */
export async function wrongSignature(
  { method, url, headers, body }: SignedRequest,
  keys: Keys,
  region: string,
  now = Date.now(),
): Promise<string | null> {
  const [, key, date, scope, names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers['authorization'] ?? '',
    ) ?? [];
  if (key === undefined) return 'AccessDenied';
  if (key !== keys.accessKeyId) return 'InvalidAccessKeyId';
  if (headers['x-amz-security-token'] !== keys.sessionToken) return 'InvalidToken';
  if (scope !== `${region}/s3/aws4_request`) return 'AuthorizationHeaderMalformed';
  const stamp = headers['x-amz-date'] ?? '';
  const signedAt = Date.parse(
    stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  if (!stamp.startsWith(date!) || !(Math.abs(signedAt - now) < 900_000)) {
    return 'RequestTimeTooSkewed';
  }
  const signed = names.split(';');
  const must = Object.keys(headers).filter((name) => name.startsWith('x-amz-'));
  if (['host', ...must].some((name) => !signed.includes(name))) return 'AccessDenied';
  const sha256 = createHash('sha256').update(body).digest('hex');
  if (headers['x-amz-content-sha256'] !== sha256) return 'XAmzContentSHA256Mismatch';
  const signer = new SignatureV4({
    credentials: keys,
    region,
    service: 's3',
    sha256: Sha256,
    // S3 alone encodes the path once.
    uriEscapePath: false,
  });
  const expected = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(
        signed.filter((name) => name !== 'x-amz-date').map((name) => [name, headers[name] ?? '']),
      ),
    },
    { signingDate: new Date(signedAt) },
  );
  const isRight = expected.headers['authorization']?.endsWith(`Signature=${signature}`);
  return isRight ? null : 'SignatureDoesNotMatch';
}

type Source = string | ArrayBuffer | ArrayBufferView;

class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: Source) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Source): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}

function bytesOf(source: Source): Uint8Array {
  if (typeof source === 'string') return Buffer.from(source);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}
