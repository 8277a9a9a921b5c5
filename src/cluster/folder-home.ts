/** A store in a folder that all machines reach. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { usageError } from '../core/errors.ts';
import { renameFile, syncFile, syncFolder, whyUnreadable } from '../core/files.ts';
import type { LocalFile, StoreHome } from './store-home.ts';

const TEMPORARY = '.tmp';

export class FolderHome implements StoreHome {
  readonly where: string;
  readonly #named: string;

  /** @param path is made absolute: a worker may have been started in another folder */
  constructor(path: string) {
    this.#named = path;
    this.where = resolve(path);
  }

  async prepare(): Promise<void> {
    try {
      mkdirSync(this.where, { recursive: true });
      accessSync(this.where, constants.W_OK);
    } catch (cause) {
      const why = whyUnreadable(cause);
      throw usageError(`the store ${this.#named} cannot be written: ${why}`, cause);
    }
  }

  async read(name: string): Promise<Uint8Array | null> {
    const path = this.#path(name);
    return existsSync(path) ? readFileSync(path) : null;
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const draft = this.draft(name);
    writeFileSync(draft, bytes, { mode: 0o600 });
    syncFile(draft);
    await this.publish(name);
  }

  draft(name: string): string {
    const path = this.#path(name);
    mkdirSync(dirname(path), { recursive: true });
    return path + TEMPORARY;
  }

  /** Whoever wrote the draft has synced it. */
  async publish(name: string): Promise<void> {
    const path = this.#path(name);
    renameFile(path + TEMPORARY, path);
    syncFolder(dirname(path));
  }

  discard(name: string): void {
    rmSync(this.#path(name) + TEMPORARY, { force: true });
  }

  async open(name: string): Promise<LocalFile | null> {
    const path = this.#path(name);
    return existsSync(path) ? { path, release() {} } : null;
  }

  async names(folder: string): Promise<readonly string[]> {
    const path = this.#path(folder);
    return existsSync(path) ? readdirSync(path) : [];
  }

  async rename(from: string, to: string): Promise<void> {
    renameFile(this.#path(from), this.#path(to));
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) rmSync(this.#path(name), { force: true });
  }

  async close(): Promise<void> {}

  #path(name: string): string {
    return join(this.where, name);
  }
}
