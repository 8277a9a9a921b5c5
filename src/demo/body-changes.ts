/** What servers make of a page: bodies that are no page, and some that look odd and are one. */
import {
  brotliCompressSync,
  deflateSync,
  gzipSync,
  constants as zlib,
  zstdCompressSync,
} from 'node:zlib';

export interface ChangedBody {
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const ENCODERS = {
  gzip: (bytes: Uint8Array) => gzipSync(bytes),
  deflate: (bytes: Uint8Array) => deflateSync(bytes),
  br: (bytes: Uint8Array) =>
    brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: (bytes: Uint8Array) => zstdCompressSync(bytes),
} as const;

type Encoding = keyof typeof ENCODERS;

function encoded(encoding: Encoding, change = (bytes: Buffer): Buffer => bytes) {
  return (page: Buffer): ChangedBody => ({
    body: change(ENCODERS[encoding](page)),
    headers: { 'content-encoding': encoding },
  });
}

const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length >> 1);
const withGarbage = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.from('garbage')]);
const html = { 'content-type': 'text/html; charset=utf-8' };
const BOMB_BYTES = 300 * 1024 * 1024;

/** `["a","a",…`: what it decodes to is a list of 300 MB that is made only once it is asked for. */
function bomb(): Buffer {
  // A member of gzip may be followed by others (RFC 1952 §2.2); one of a megabyte, many times, is as
  // cheap to make as it is to send.
  const member = gzipSync(Buffer.alloc(1024 * 1024, ' '));
  const members = Array<Buffer>(BOMB_BYTES / (1024 * 1024)).fill(member);
  return Buffer.concat([gzipSync('['), ...members, gzipSync(']')]);
}

const changes = {
  gzip: encoded('gzip'),
  deflate: encoded('deflate'),
  br: encoded('br'),
  zstd: encoded('zstd'),
  'gzip-cut': encoded('gzip', half),
  'deflate-cut': encoded('deflate', half),
  'br-cut': encoded('br', half),
  'zstd-cut': encoded('zstd', half),
  'gzip-garbage': encoded('gzip', withGarbage),
  'br-garbage': encoded('br', withGarbage),
  'zstd-garbage': encoded('zstd', withGarbage),
  'wrong-encoding': (page) => ({ body: page, headers: { 'content-encoding': 'gzip' } }),
  'unknown-encoding': (page) => ({ body: page, headers: { 'content-encoding': 'compress' } }),
  'three-layers': (page) => ({
    body: gzipSync(gzipSync(gzipSync(page))),
    headers: { 'content-encoding': 'gzip, gzip, gzip' },
  }),
  bomb: () => ({ body: bomb(), headers: { 'content-encoding': 'gzip' } }),
  html: () => ({
    body: Buffer.from('<!doctype html>\n<title>Busy</title>\n<h1>Please come back later</h1>'),
    headers: html,
  }),
  'html-as-json': () => ({ body: Buffer.from('<html><body>\u001b[31mBusy</body></html>') }),
  text: () => ({
    body: Buffer.from('upstream connect error'),
    headers: { 'content-type': 'text/plain' },
  }),
  empty: () => ({ body: Buffer.alloc(0) }),
  error: () => ({ body: Buffer.from('{"ok":false,"error":"internal"}') }),
  bom: (page) => ({ body: Buffer.concat([Buffer.from('\ufeff'), page]) }),
  'utf-16': (page) => ({ body: Buffer.from(`\ufeff${page.toString()}`, 'utf16le') }),
  'bad-utf-8': (page) => ({
    body: Buffer.concat([
      Buffer.from('{"name":"'),
      Buffer.of(0xc3),
      Buffer.from('","page":'),
      page,
    ]),
  }),
  nan: () => ({ body: Buffer.from('{"data":{"items":[{"id":1,"rating":NaN}]}}') }),
  'two-values': (page) => ({ body: Buffer.concat([page, page]) }),
  'cut-json': (page) => ({ body: half(page) }),
  deep: () => ({
    body: Buffer.from(`{"data":{"items":[${'['.repeat(200_000)}${']'.repeat(200_000)}]}}`),
  }),
} satisfies Record<string, (page: Buffer) => ChangedBody>;

export type BodyChange = keyof typeof changes;

/** The body that a server sends in place of `page`. */
export function changeBody(change: BodyChange, page: Buffer): ChangedBody {
  return changes[change](page);
}
