import { createHash } from 'node:crypto';
import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { KnownPage, Opened } from '../archive-thread/messages.ts';
import { EverypageError } from '../core/errors.ts';
import type { PlanEnd } from '../core/page-info.ts';
import { type PageRequest, pageKey } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import type { Plan } from '../plan/plan.ts';
import { createTask, type Task } from './task.ts';

export interface PendingPages {
  /** Pages that are not stored yet, in plan order; ends with the plan, or at `maxPages`. */
  batches(): AsyncIterable<readonly Task[]>;
  /** Origin of the plan's first page, once it was read. */
  firstOrigin(): string | null;
  /** Length, digest and end of the plan, known once `batches` has ended with the plan; else null. */
  end(): {
    readonly count: number;
    readonly digest: Uint8Array;
    readonly end: PlanEnd | null;
  } | null;
}

/**
 * The plan less what the archive holds. A list is read again on every run, so the key of each
 * stored page is compared with what now stands in its place: the first that differs stops the run
 * before pages of two lists are mixed.
 */
export function pendingPages(
  plan: Plan,
  thread: ArchiveThread,
  opened: Opened,
  limits: { readonly maxPages: number | null; readonly secretParams: readonly string[] },
): PendingPages {
  const digest = createHash('sha256');
  let count = 0;
  let ended = false;
  let firstOrigin: string | null = null;

  function taskOf(request: PageRequest, known: KnownPage | undefined): Task | null {
    const key = pageKey(request, limits.secretParams);
    digest.update(key);
    count += 1;
    const shownUrl = redactUrl(request.url, limits.secretParams);
    if (known === undefined) return createTask(request, key, shownUrl);
    if (Buffer.compare(known.key, key) !== 0) throw changed(request, shownUrl, known);
    return null;
  }

  return {
    async *batches() {
      let left = limits.maxPages ?? Number.POSITIVE_INFINITY;
      for await (const requests of plan.batches()) {
        firstOrigin ??= new URL(requests[0]!.url).origin;
        const known = await knownAmong(requests, thread, opened.highestPosition);
        const tasks: Task[] = [];
        for (const request of requests) {
          const task = taskOf(request, known.get(request.place.position));
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
      if (opened.highestPosition >= count) throw shorter(count, opened.highestPosition);
      ended = true;
    },
    firstOrigin: () => firstOrigin,
    end: () => (ended ? { count, digest: digest.copy().digest(), end: null } : null),
  };
}

async function knownAmong(
  requests: readonly PageRequest[],
  thread: ArchiveThread,
  highestPosition: number,
): Promise<ReadonlyMap<number, KnownPage>> {
  const first = requests[0]?.place;
  if (first === undefined || first.position > highestPosition) return new Map();
  const known = await thread.call('known', {
    branch: first.branch,
    from: first.position,
    to: first.position + requests.length,
  });
  return new Map(known.map((page) => [page.position, page]));
}

function changed(request: PageRequest, shownUrl: string, known: KnownPage): EverypageError {
  const where = request.source === null ? '' : ` (${request.source})`;
  return new EverypageError(
    'PLAN_CHANGED',
    `page ${request.place.position + 1}${where} is now ${shownUrl}, but the archive holds ${known.url} there. ` +
      'Put the list back as it was, or discard what is stored with --fresh.',
  );
}

function shorter(count: number, highestPosition: number): EverypageError {
  return new EverypageError(
    'PLAN_CHANGED',
    `the list has ${count} pages now, but the archive holds page ${highestPosition + 1} already. ` +
      'Put the list back as it was, or discard what is stored with --fresh.',
  );
}
