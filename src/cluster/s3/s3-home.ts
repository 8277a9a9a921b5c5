/** A store under a prefix of a bucket. Files that are read or written stand in a temporary folder meanwhile. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeTemporaryFolder } from '../../core/files.ts';
import { BODY_BUDGET_BYTES } from '../../core/memory-budget.ts';
import { chooseProxy } from '../../http/proxy.ts';
import type { Transport, TransportOptions } from '../../http/transport.ts';
import type { HomeParts, LocalFile, StoreHome } from '../store-home.ts';
import { S3Client } from './s3-client.ts';
import { credentialSource } from './s3-credentials.ts';
import { readS3Place, type S3Place } from './s3-place.ts';

const AT_ONCE = 16;
/** Servers are silent while a part goes up: 32 MiB in two minutes is 2 Mbit/s. */
const SILENCE_MS = 120_000;
const REQUEST_MS = 600_000;
/** What one PUT may hold. */
const MOST_BYTES = 5 * 1024 ** 3;

export class S3Home implements StoreHome {
  readonly where: string;
  readonly #place: S3Place;
  readonly #client: S3Client;
  readonly #transport: Transport;
  readonly #closing: AbortController;
  #folder: string | null = null;
  #copies = 0;

  private constructor(
    place: S3Place,
    client: S3Client,
    transport: Transport,
    closing: AbortController,
  ) {
    this.where = place.where;
    this.#place = place;
    this.#client = client;
    this.#transport = transport;
    this.#closing = closing;
  }

  static async open(where: string, { env, makeTransport }: HomeParts): Promise<S3Home> {
    const place = readS3Place(where, env);
    const credentials = await credentialSource(env);
    const transport = makeTransport(transportOptions(env));
    const closing = new AbortController();
    const client = new S3Client({ place, credentials, transport, closing: closing.signal });
    return new S3Home(place, client, transport, closing);
  }

  /** The first PUT shows whether it can be written. */
  async prepare(): Promise<void> {}

  async read(name: string): Promise<Uint8Array | null> {
    return this.#client.get(this.#key(name));
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#client.put(this.#key(name), bytes);
  }

  draft(name: string): string {
    const path = this.#local(`draft/${name}`);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  async publish(name: string): Promise<void> {
    await this.write(name, readFileSync(this.draft(name)));
    this.discard(name);
  }

  discard(name: string): void {
    rmSync(this.draft(name), { force: true });
  }

  async open(name: string): Promise<LocalFile | null> {
    const bytes = await this.read(name);
    if (bytes === null) return null;
    this.#copies += 1;
    const path = this.#local(`copy-${this.#copies}`);
    writeFileSync(path, bytes, { mode: 0o600 });
    return { path, release: () => rmSync(path, { force: true }) };
  }

  async names(folder: string): Promise<readonly string[]> {
    const before = this.#key(`${folder}/`);
    const names: string[] = [];
    for await (const keys of this.#client.list(before)) {
      for (const key of keys) if (key.startsWith(before)) names.push(key.slice(before.length));
    }
    return names;
  }

  /** S3 has no other way than to write it again. What is damaged stays so. */
  async rename(from: string, to: string): Promise<void> {
    const bytes = await this.#client.get(this.#key(from), false);
    if (bytes !== null) await this.write(to, bytes);
    await this.remove([from]);
  }

  async remove(names: readonly string[]): Promise<void> {
    const left = names[Symbol.iterator]();
    const removeSome = async (): Promise<void> => {
      for (const name of left) await this.#client.delete(this.#key(name));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, removeSome));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = null;
    await this.#transport.close();
  }

  #key(name: string): string {
    return this.#place.prefix + name;
  }

  #local(name: string): string {
    this.#folder ??= makeTemporaryFolder('everypage-store');
    return join(this.#folder, name);
  }
}

function transportOptions(env: HomeParts['env']): TransportOptions {
  return {
    protocol: 'auto',
    concurrency: AT_ONCE,
    proxyFor: chooseProxy({ proxy: null, env }),
    ca: null,
    cert: null,
    key: null,
    insecure: false,
    connectTimeoutMs: 10_000,
    idleTimeoutMs: SILENCE_MS,
    timeoutMs: REQUEST_MS,
    maxBodyBytes: MOST_BYTES,
    minBytesPerSecond: 0,
    bodyBudgetBytes: BODY_BUDGET_BYTES,
  };
}
