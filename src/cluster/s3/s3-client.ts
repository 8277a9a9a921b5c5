/**
 * The four requests that a store needs of S3: GET, PUT, DELETE and ListObjectsV2. aws4fetch signs them, our own
 * transport sends them, and what may heal is tried again.
 */
import { hash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { EverypageError } from '../../core/errors.ts';
import { classifyFault, classifyResponse, singleHeader } from '../../http/outcome.ts';
import { freeChunks } from '../../http/response-body.ts';
import { type RawResponse, type Transport, TransportError } from '../../http/transport.ts';
import { backoffDelayMs } from '../../pace/retries.ts';
import type { CredentialSource } from './s3-credentials.ts';
import { isTransient, type Refusal, readRefusal, refused, unreached } from './s3-faults.ts';
import type { S3Place } from './s3-place.ts';
import { valueIn, valuesIn } from './s3-xml.ts';

/** About a minute of waits: as long as a service may be away. */
const MOST_ATTEMPTS = 10;
/** Until it has answered once, its address may be wrong; and what is damaged there stays so. */
const FEW_ATTEMPTS = 3;
/** Holds the SHA-256 of a body. Every S3 server gives this header back as it was sent. */
const DIGEST = 'x-amz-meta-sha256';

interface ObjectRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Path and query behind the bucket. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly isChecked?: boolean;
}

/** The result of an attempt: it ends the request, or says why another one should follow. */
type Ended =
  | { readonly response: RawResponse }
  | { readonly error: EverypageError; readonly most: number; readonly waitMs: number | null };

interface ClientParts {
  readonly place: S3Place;
  readonly credentials: CredentialSource;
  readonly transport: Transport;
  /** Aborted when nobody waits any more. */
  readonly closing: AbortSignal;
  /** A number in [0, 1), to spread the waits. */
  readonly random?: () => number;
}

export class S3Client {
  readonly #parts: ClientParts;
  /** Keys that aws4fetch derives, once a day. */
  readonly #cache = new Map<string, ArrayBuffer>();
  #hasAnswered = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /**
   * Null where there is no such object.
   *
   * @param isChecked whether it has to be what was put there
   * @throws EverypageError ARCHIVE_DAMAGED where it is not
   */
  async get(key: string, isChecked = true): Promise<Buffer | null> {
    const response = await this.#send({ method: 'GET', path: `/${encoded(key)}`, isChecked });
    if (response.status === 404) return null;
    return bodyOf(response);
  }

  /** The server compares the body with the SHA-256 that is signed. */
  async put(key: string, body: Uint8Array): Promise<void> {
    const headers = { [DIGEST]: hash('sha256', body, 'hex') };
    await this.#send({ method: 'PUT', path: `/${encoded(key)}`, headers, body });
  }

  /** Also where it is not there. */
  async delete(key: string): Promise<void> {
    await this.#send({ method: 'DELETE', path: `/${encoded(key)}` });
  }

  /** The keys that begin so, in batches of at most a thousand. */
  async *list(prefix: string): AsyncGenerator<readonly string[]> {
    let next: string | null = null;
    do {
      const token: string = next === null ? '' : `&continuation-token=${quoted(next)}`;
      const path = `/?list-type=2&prefix=${quoted(prefix)}${token}`;
      const xml = bodyOf(await this.#send({ method: 'GET', path })).toString();
      yield valuesIn(xml, 'Key');
      next = valueIn(xml, 'IsTruncated') === 'true' ? valueIn(xml, 'NextContinuationToken') : null;
    } while (next !== null);
  }

  async #send(request: ObjectRequest): Promise<RawResponse> {
    const { random = Math.random, closing } = this.#parts;
    for (let failures = 1; ; failures += 1) {
      const ended = await this.#attempt(request);
      if ('response' in ended) return ended.response;
      if (failures >= ended.most || closing.aborted) throw ended.error;
      const delayMs = ended.waitMs ?? backoffDelayMs(failures, random());
      await wait(delayMs, undefined, { signal: closing }).catch(() => {
        throw ended.error;
      });
    }
  }

  async #attempt(request: ObjectRequest): Promise<Ended> {
    const { place, transport } = this.#parts;
    let response: RawResponse;
    try {
      const { origin, path, headers } = await this.#sign(request);
      const { method, body = null } = request;
      response = await transport.request({ method, origin, path, headers, body });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const mayHeal = MAY_HEAL.has(classifyFault(error).kind);
      const most = !mayHeal ? 1 : this.#hasAnswered ? MOST_ATTEMPTS : FEW_ATTEMPTS;
      return { error: unreached(place, error, this.#hasAnswered), most, waitMs: null };
    }
    this.#hasAnswered = true;
    const { status, headers } = response;
    if (status >= 200 && status < 300) {
      if (request.isChecked !== true || isWhole(response)) return { response };
      const error = new EverypageError(
        'ARCHIVE_DAMAGED',
        `${place.where}: ${request.path} is not what was written there; a checksum differs`,
      );
      return { error, most: FEW_ATTEMPTS, waitMs: null };
    }
    const refusal = readRefusal(response);
    if (isAbsent(request, refusal)) return { response };
    const outcome = classifyResponse(status, headers, Date.now());
    const mayHeal = MAY_HEAL.has(outcome.kind) || isTransient(refusal);
    return {
      error: refused(place, refusal, Date.now()),
      most: mayHeal ? MOST_ATTEMPTS : 1,
      waitMs: outcome.kind === 'pause' ? outcome.waitMs : null,
    };
  }

  async #sign({ method, path, headers, body }: ObjectRequest) {
    const { place, credentials } = this.#parts;
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
    const digest = headers?.[DIGEST] ?? hash('sha256', body ?? '', 'hex');
    const signer = new AwsV4Signer({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      method,
      url: place.base + path,
      headers: { ...headers, 'x-amz-content-sha256': digest },
      service: 's3',
      region: place.region,
      cache: this.#cache,
    });
    const signed = await signer.sign();
    const { origin, pathname, search } = signed.url;
    return { origin, path: pathname + search, headers: Object.fromEntries(signed.headers) };
  }
}

const MAY_HEAL: ReadonlySet<string> = new Set(['retry', 'unprocessed', 'pause', 'not-ready']);

/** A bucket that is missing is another thing. */
function isAbsent({ method, path }: ObjectRequest, { status, code }: Refusal): boolean {
  if (status !== 404 || path.startsWith('/?')) return false;
  return method !== 'PUT' && (code === 'NoSuchKey' || code === '');
}

/** An object that another program wrote has no checksum, and passes. */
function isWhole({ headers, chunks }: RawResponse): boolean {
  const stated = singleHeader(headers[DIGEST]);
  return stated === null || stated === hash('sha256', Buffer.concat(chunks), 'hex');
}

function bodyOf({ chunks }: RawResponse): Buffer {
  const body = Buffer.concat(chunks);
  freeChunks(chunks);
  return body;
}

/** Percent-encoded as signatures need it: by RFC 3986, so `!'()*` too. */
function quoted(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function encoded(key: string): string {
  return key.split('/').map(quoted).join('/');
}
