/** A secret for each way to give one, and a search for it in what everypage writes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const canary = (channel: string) => `canary-${channel}/9f+2`;
export const encoded = (channel: string) => encodeURIComponent(canary(channel));
export const basic = (channel: string) => Buffer.from(`me:${canary(channel)}`).toString('base64');

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** In which a server may repeat one. */
export const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (secret) =>
    encodeURIComponent(secret).replaceAll(/%../g, (hex) => hex.toLowerCase()),
  'percent-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  base64: base64,
  'base64 behind a user': (secret) => base64(`user:${secret}`),
  'base64 behind one byte': (secret) => base64(`x${secret}yz`),
  'base64 behind two bytes': (secret) => base64(`xx${secret}`),
  'base64 for URLs': (secret) => Buffer.from(`x${secret}`).toString('base64url'),
};

/** What must be found nowhere: any of them, plain, encoded for a URL or as Basic has it. */
const CHANNELS = [
  ...['header', 'cookie', 'file', 'query', 'param', 'proxy', 'body'],
  ...['user', 'netrc', 'env', 'userinfo'],
];
const LEAK = new RegExp(
  // `canary-` in base64 behind none, one and two bytes.
  [
    'canary-',
    'Y2FuYXJ5L',
    'NhbmFyeS',
    'jYW5hcnkt',
    ...CHANNELS.map((channel) => basic(channel).slice(6, -3)),
  ]
    .map((text) => text.replaceAll(/[+/]/g, '\\$&'))
    .join('|'),
);

export function assertClean(text: string, where: string): void {
  const at = text.search(LEAK);
  assert.equal(at, -1, `${where}: …${text.slice(Math.max(0, at - 80), at + 60)}…`);
}

/** Files that hold a secret because the test wrote it there. */
const OWN_FILES = new Set(['headers.txt', '.netrc']);

export function assertFolderClean(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !OWN_FILES.has(name) && statSync(join(folder, name)).isFile())
    .sort();
  for (const name of files) {
    assertClean(readFileSync(join(folder, name), 'latin1'), name);
    if (/\.everypage(?:\.part.*)?$/.test(name))
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  }
  return files;
}
