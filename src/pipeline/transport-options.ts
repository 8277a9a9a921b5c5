import { readFileSync } from 'node:fs';
import { EverypageError } from '../core/errors.ts';
import type { ResolvedOptions } from '../core/options.ts';
import { chooseProxy } from '../http/proxy.ts';
import type { TransportOptions } from '../http/transport.ts';

/** What `-c auto` grows to at most; connections are opened as they are needed. */
const MOST_BY_AUTO = 64;
/** Invariant 5: all bodies that are held at once, arriving or not yet committed. */
export const BODY_BUDGET_BYTES = 128 * 1024 * 1024;

/** @throws EverypageError USAGE where a certificate file cannot be read */
export function transportOptions(
  options: ResolvedOptions,
  env: Readonly<Record<string, string | undefined>>,
): TransportOptions {
  return {
    protocol: options.protocol,
    concurrency: options.concurrency === 'auto' ? MOST_BY_AUTO : options.concurrency,
    proxyFor: chooseProxy({ proxy: options.proxy?.reveal() ?? null, env }),
    ca: readPem(options.caFile),
    cert: readPem(options.certFile),
    key: readKey(options.keyFile),
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
  const pem = readPem(path);
  if (pem === null || !/ENCRYPTED/.test(pem)) return pem;
  throw new EverypageError(
    'USAGE',
    `the key ${path} is protected by a passphrase, which everypage does not take; write one without it by openssl pkey -in ${path} -out KEY, with mode 0600`,
  );
}

function readPem(path: string | null): string | null {
  if (path === null) return null;
  try {
    const text = readFileSync(path, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new EverypageError('USAGE', `the file ${path} ${why}`, { cause });
  }
  throw new EverypageError('USAGE', `${path} holds no PEM text; convert it with openssl first`);
}
