/**
 * The contract of the fixture APIs: each plays how one real API pages, with that API's traps, over a
 * list of made-up records. They know nothing of the fetching side and import only their siblings.
 */
import type { RecordForm } from './api-item.ts';
import type { Json } from './api-json.ts';
import type { ApiList } from './api-list.ts';

export interface ApiRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null for GET. */
  readonly body: Json;
  /** Of this server, as links begin: `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Path and query as they came. */
  readonly target: string;
  /** How deep the API answers, in records. */
  readonly ceiling: number;
  /** Records in a page where the request says nothing else. */
  readonly pageSize: number;
}

export interface ApiReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Json;
}

export interface ApiShape extends RecordForm {
  readonly name: string;
  /** How it goes on and what is odd about it, in a line for people. */
  readonly about: string;
  /** Path and query as a user would type them. */
  readonly start: (size: number) => string;
  /** Further paths it answers, where its links lead elsewhere. */
  readonly otherPaths?: RegExp;
  /** A body makes it an API for POST. */
  readonly body?: (size: number) => Json;
  /** Headers that it refuses to answer without, or that its totals depend on. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Records in a page where the user says nothing else. */
  readonly pageSize: number;
  /** Records in the list where the test says nothing else. Default 137. */
  readonly records?: number;
  /** How deep it answers; default: all the way. */
  readonly ceiling?: number;
  /** Where the records stand in a page: a dotted path, or `@` for a page that is the array. */
  readonly recordsPath: string;
  /** Throws `Refusal` for what the API refuses. */
  readonly answer: (request: ApiRequest, list: ApiList) => ApiReply;
}

/** An answer that is an error, thrown from wherever it is noticed. */
export class Refusal extends Error {
  readonly reply: ApiReply;

  constructor(status: number, body: Json) {
    super(`refused with ${status}`);
    this.reply = { status, body };
  }
}
