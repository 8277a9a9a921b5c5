/** The transport of a job: what the user's options mean for it, and the first connection. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { usageError } from '../core/errors.ts';
import { whyUnreadable } from '../core/files.ts';
import { BODY_BUDGET_BYTES } from '../core/memory-budget.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import { chooseProxy } from '../http/proxy.ts';
import type { Transport, TransportOptions } from '../http/transport.ts';

/** Makes the transport of a reading of the list; `--prove` reads it more than once. */
export type MakeTransport = (options: TransportOptions) => Transport;

/** Where the first request will go is connected to at once: the archive is opened meanwhile. */
export function openTransport(
  make: MakeTransport,
  { transport: options, connectTo }: { transport: TransportOptions; connectTo: string | null },
): Transport {
  const transport = make(options);
  if (connectTo !== null) transport.connect(connectTo);
  return transport;
}

/**
 * The connection is on its way, which takes a turn of the event loop: what is done and loaded from here on
 * does not delay it.
 */
export function hasBegun(): Promise<void> {
  return new Promise(setImmediate);
}

/** What `-c auto` grows to at most; connections are opened as they are needed. */
export const MOST_BY_AUTO = 64;

/** Most requests at once of a run that its user controls: they may want more than they said at its beginning. */
export function mostOfControlled({ concurrency }: Pick<ResolvedOptions, 'concurrency'>): number {
  return concurrency === 'auto' ? MOST_BY_AUTO : Math.max(MOST_BY_AUTO, concurrency);
}

/** @throws EverypageError USAGE where a certificate file cannot be read or used */
export function transportOptions(
  options: ResolvedOptions,
  env: Readonly<Record<string, string | undefined>>,
  isControlled = false,
): TransportOptions {
  const cert = readPem('--cert', options.certFile);
  const key = readKey(options.keyFile);
  checkPair(options, cert, key);
  return {
    protocol: options.protocol,
    concurrency:
      isControlled || options.concurrency === 'auto'
        ? mostOfControlled(options)
        : options.concurrency,
    proxyFor: chooseProxy({ proxy: options.proxy?.reveal() ?? null, env }),
    ca: readPem('--cacert', options.caFile),
    cert,
    key,
    insecure: options.insecure,
    allowAddresses: options.allowAddresses,
    connectTimeoutMs: options.connectTimeoutMs,
    idleTimeoutMs: options.idleTimeoutMs,
    timeoutMs: options.timeoutMs,
    maxBodyBytes: options.maxBodyBytes,
    minBytesPerSecond: options.minBytesPerSecond,
    bodyBudgetBytes: BODY_BUDGET_BYTES,
  };
}

/** The passphrase of a key would be one more secret to keep; OpenSSL can take it off. */
function readKey(path: string | null): string | null {
  const pem = readPem('--cert-key', path);
  if (pem === null || !/ENCRYPTED/.test(pem)) return pem;
  throw usageError(
    `the key ${path} is protected by a passphrase, which everypage does not take; write one without it by openssl pkey -in ${path} -out KEY, with mode 0600`,
  );
}

function readPem(flag: string, path: string | null): string | null {
  if (path === null) return null;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw usageError(`${flag} ${path} cannot be read: ${whyUnreadable(cause)}`, cause);
  }
  if (text.includes('-----BEGIN ')) return text;
  throw usageError(`${flag} ${path} holds no PEM text; convert it with openssl first`);
}

/** TLS would find the same, but only under the first request. */
function checkPair(
  { certFile, keyFile }: ResolvedOptions,
  cert: string | null,
  key: string | null,
): void {
  if (cert === null || key === null) return;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (cause) {
    throw usageError(`--cert ${certFile} holds no certificate that can be read`, cause);
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(key);
  } catch (cause) {
    throw usageError(`--cert-key ${keyFile} holds no private key that can be read`, cause);
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    throw usageError(`--cert-key ${keyFile} is not the key of --cert ${certFile}`);
  }
}
