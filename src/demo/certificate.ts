/**
 * A throwaway certificate authority and a server certificate signed by it, for the demo and the
 * tests: Node reads X.509 but cannot write it. It writes no file and imports nothing of the project.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

const DAY_MS = 86_400_000;

/** One DER element: tag, definite length in its shortest form, content (X.690 §10.1). */
function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.from(body.length.toString(16).padStart(4, '0'), 'hex');
  const short = length[0] === 0 ? length.subarray(1) : length;
  return Buffer.concat([Buffer.of(tag, 0x80 | short.length), short, body]);
}

const sequence = (...content: Uint8Array[]): Buffer => der(0x30, ...content);
const octetString = (content: Uint8Array): Buffer => der(0x04, content);
/** Bits are counted from the left; a named bit list drops its trailing zeros (X.690 §11.2.2). */
const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  der(0x03, Buffer.of(unusedBits), bytes);
const TRUE = der(0x01, Buffer.of(0xff));

function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
    bytes.push(...digits);
  }
  return der(0x06, Buffer.from(bytes));
}

/** Name with one commonName attribute (RFC 5280 §4.1.2.4). */
const distinguishedName = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));

/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`;
  const utc = date.getUTCFullYear() < 2050;
  return der(utc ? 0x17 : 0x18, Buffer.from(utc ? digits.slice(2) : digits));
}

/** Extension; `critical` is left out when false, since DER omits defaults (RFC 5280 §4.1). */
const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [TRUE] : []), octetString(value));

/** SHA-1 of the public key's bits, method 1 (RFC 5280 §4.2.1.2); a P-256 point is the last 65 bytes. */
const keyIdentifier = (publicKey: KeyObject): Buffer =>
  createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();

function ipv6Bytes(address: string): Buffer {
  // The URL parser brings every spelling, embedded IPv4 included, to one (WHATWG URL §3.5).
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical
    .split('::')
    .map((part) => part.split(':').filter(Boolean));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** GeneralName: dNSName [2] or iPAddress [7] (RFC 5280 §4.2.1.6). */
function generalName(name: string): Buffer {
  if (isIP(name) === 0) return der(0x82, Buffer.from(name, 'ascii'));
  return der(0x87, isIPv4(name) ? Buffer.from(name.split('.').map(Number)) : ipv6Bytes(name));
}

interface CertificateFields {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuerKeys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly extensions: readonly Buffer[];
  /** First and last day, counted from today. */
  readonly days: readonly [number, number];
}

/** Certificate (RFC 5280 §4.1), as PEM. */
function certificate(fields: CertificateFields): string {
  // ecdsa-with-SHA256 takes no parameters, not even NULL (RFC 5758 §3.2).
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  // §4.1.2.2: positive, at most 20 octets; the first byte keeps it so in its shortest form.
  const serial = randomBytes(16);
  serial[0] = 0x40 | (serial[0]! & 0x3f);
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // §4.1.2.1 version 3
    der(0x02, serial), // §4.1.2.2 serialNumber
    algorithm, // §4.1.2.3 signature
    distinguishedName(fields.issuer), // §4.1.2.4 issuer
    sequence(...fields.days.map((day) => time(new Date(Date.now() + day * DAY_MS)))), // §4.1.2.5 validity
    distinguishedName(fields.subject), // §4.1.2.6 subject
    fields.publicKey.export({ type: 'spki', format: 'der' }), // §4.1.2.7 subjectPublicKeyInfo
    der(
      0xa3, // §4.1.2.9 extensions
      sequence(
        ...fields.extensions,
        extension('2.5.29.14', octetString(keyIdentifier(fields.publicKey))), // §4.2.1.2 subjectKeyIdentifier
        extension('2.5.29.35', sequence(der(0x80, keyIdentifier(fields.issuerKeys.publicKey)))), // §4.2.1.1 authorityKeyIdentifier
      ),
    ),
  );
  // §4.1.1.3: the signature is over the DER of what stands above.
  const signature = bitString(sign('sha256', toBeSigned, fields.issuerKeys.privateKey));
  const lines = sequence(toBeSigned, algorithm, signature)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/**
 * Makes a new certificate authority and one certificate signed by it, both EC P-256, valid for
 * two years. All three values are PEM; the authority's own key is forgotten.
 *
 * @param options.names DNS names and IP addresses the certificate is for.
 *   Default `localhost`, `127.0.0.1`, `::1`.
 * @param options.isExpired the certificate, not its authority, ended yesterday. Default false.
 * @example
 * const { ca, cert, key } = createTestCertificates();
 * http2.createSecureServer({ cert, key }).listen(8443);
 */
export function createTestCertificates(
  options: { names?: readonly string[]; isExpired?: boolean } = {},
): {
  ca: string;
  cert: string;
  key: string;
} {
  const names = options.names ?? ['localhost', '127.0.0.1', '::1'];
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = 'everypage throwaway authority';
  const ca = certificate({
    issuer,
    subject: issuer,
    publicKey: authority.publicKey,
    issuerKeys: authority,
    days: [-10, 730],
    extensions: [
      extension('2.5.29.19', sequence(TRUE), true), // §4.2.1.9 basicConstraints: cA
      extension('2.5.29.15', bitString(Buffer.of(0b0000_0110), 1), true), // §4.2.1.3 keyUsage: keyCertSign, cRLSign
    ],
  });
  const cert = certificate({
    issuer,
    subject: names[0] ?? 'localhost',
    publicKey: leaf.publicKey,
    issuerKeys: authority,
    days: options.isExpired ? [-9, -1] : [-1, 730],
    extensions: [
      extension('2.5.29.17', sequence(...names.map(generalName))), // §4.2.1.6 subjectAltName
      extension('2.5.29.15', bitString(Buffer.of(0b1000_0000), 7), true), // §4.2.1.3 keyUsage: digitalSignature
      extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))), // §4.2.1.12 serverAuth, clientAuth
    ],
  });
  return { ca, cert, key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
