import type { Client } from 'undici';
import { errorCode } from './connect-fault.ts';

export type ClientClass = typeof Client;

/** How Node says that a package has no such file, or does not show it. */
const IS_ELSEWHERE = new Set([
  'MODULE_NOT_FOUND',
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
]);

let loading: Promise<ClientClass> | null = null;

/**
 * undici's HTTP/1.1 client, without the 90 files of its other parts, which take three times as long
 * to load. A version that keeps it elsewhere is loaded whole.
 */
export function loadUndici(): Promise<ClientClass> {
  loading ??= load();
  // A file that could not be opened for want of descriptors may be opened later.
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

async function load(): Promise<ClientClass> {
  try {
    // @ts-expect-error: undici has types for its main file alone
    return (await import('undici/lib/dispatcher/client.js')).default;
  } catch (error) {
    if (!IS_ELSEWHERE.has(errorCode(error))) throw error;
    // By its file: Bun replaces the package by one of its own, which lacks most of it.
    return (await import('undici/index.js')).Client;
  }
}
