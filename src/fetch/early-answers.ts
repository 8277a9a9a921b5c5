import { type PageRequest, pageKey } from '../core/page-request.ts';
import type { AttemptResult } from './attempt.ts';

/** Answers to requests that were sent before there was a plan, so that none is sent twice. */
export class EarlyAnswers {
  readonly #byKey = new Map<string, AttemptResult>();
  readonly #secretParams: readonly string[];

  constructor(secretParams: readonly string[]) {
    this.#secretParams = secretParams;
  }

  keep(request: PageRequest, result: AttemptResult): void {
    this.#byKey.set(nameOf(pageKey(request, this.#secretParams)), result);
  }

  takeFor(request: PageRequest): AttemptResult | undefined {
    return this.take(pageKey(request, this.#secretParams));
  }

  /** The answer to the request with this key, once: whoever asks again wants a new one. */
  take(key: Uint8Array): AttemptResult | undefined {
    if (this.#byKey.size === 0) return undefined;
    const name = nameOf(key);
    const result = this.#byKey.get(name);
    this.#byKey.delete(name);
    return result;
  }

  /** The same, where it may be a page: such an answer waits for no pace. */
  takePage(key: Uint8Array): AttemptResult | undefined {
    const result = this.#byKey.size === 0 ? undefined : this.#byKey.get(nameOf(key));
    return result?.outcome.kind === 'body' ? this.take(key) : undefined;
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
