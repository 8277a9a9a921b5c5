import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { KnownPage, Opened } from '../archive-thread/messages.ts';
import { EverypageError } from '../core/errors.ts';
import type { PageInfo } from '../core/page-info.ts';
import { type PageRequest, pageKey } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import type { GrowingPlan } from '../plan/plan.ts';
import type { PendingPages } from './pending-pages.ts';
import { restoreCredentials } from './restore-credentials.ts';
import { createTask, type Task } from './task.ts';

/** Places that are looked up at once: a chain asks for its pages one by one. */
const LOOK_UP_POSITIONS = 256;

/**
 * A plan that learns, less what the archive holds: pages that are stored teach it again what they
 * taught when they came, without a request.
 *
 * @param startUrl the first page's URL as the user gave it, which has the credentials that stored
 *   next links lack
 */
export function pendingGrown(
  plan: GrowingPlan,
  startUrl: string,
  thread: ArchiveThread,
  opened: Opened,
  limits: { readonly maxPages: number | null; readonly secretParams: readonly string[] },
): PendingPages {
  const known = new KnownPages(thread, opened.resumed !== null);
  let count = 0;
  let ended = false;

  function taskOf(request: PageRequest, stored: KnownPage | undefined): Task | null {
    const key = pageKey(request, limits.secretParams);
    const shownUrl = redactUrl(request.url, limits.secretParams);
    count += 1;
    if (stored?.pageInfo == null) return createTask(request, key, shownUrl);
    if (Buffer.compare(stored.key, key) !== 0) throw changed(request, shownUrl, stored);
    plan.onPage(request, { state: 'stored', pageInfo: restored(stored.pageInfo), isKnown: true });
    return null;
  }

  function restored(pageInfo: PageInfo): PageInfo {
    if (pageInfo.next?.kind !== 'url') return pageInfo;
    return {
      ...pageInfo,
      next: { kind: 'url', url: restoreCredentials(pageInfo.next.url, startUrl) },
    };
  }

  return {
    async *batches() {
      let left = limits.maxPages ?? Number.POSITIVE_INFINITY;
      for await (const requests of plan.batches()) {
        const tasks: Task[] = [];
        for (const request of requests) {
          const task = taskOf(request, await known.at(request));
          if (task === null) continue;
          if (left === 0) {
            if (tasks.length > 0) yield tasks;
            return;
          }
          left -= 1;
          tasks.push(task);
        }
        if (tasks.length > 0) yield tasks;
      }
      ended = true;
    },
    firstOrigin: () => new URL(startUrl).origin,
    end: () => (ended ? { count, digest: new Uint8Array(0), end: plan.end() } : null),
  };
}

/** Looks up stored pages, some positions ahead. */
class KnownPages {
  readonly #thread: ArchiveThread;
  readonly #mayBeThere: boolean;
  #branch = -1;
  #from = 0;
  #to = 0;
  #pages = new Map<number, KnownPage>();

  constructor(thread: ArchiveThread, mayBeThere: boolean) {
    this.#thread = thread;
    this.#mayBeThere = mayBeThere;
  }

  async at({ place }: PageRequest): Promise<KnownPage | undefined> {
    if (!this.#mayBeThere) return undefined;
    const { branch, position } = place;
    if (branch !== this.#branch || position < this.#from || position >= this.#to) {
      this.#branch = branch;
      this.#from = position;
      this.#to = position + LOOK_UP_POSITIONS;
      const ask = { branch, from: this.#from, to: this.#to };
      const pages = await this.#thread.call('known', ask);
      this.#pages = new Map(pages.map((page) => [page.position, page]));
    }
    return this.#pages.get(position);
  }
}

function changed(request: PageRequest, shownUrl: string, known: KnownPage): EverypageError {
  return new EverypageError(
    'PLAN_CHANGED',
    `page ${request.place.position + 1} would now be ${shownUrl}, but the archive holds ${known.url} there. ` +
      'Page as before, or discard what is stored with --fresh.',
  );
}
