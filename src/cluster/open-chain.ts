/** Pages that follow from each other, read by the worker that has their job: the plan of one machine over their branches. */
import type { BranchSpan } from '../archive/archive-types.ts';
import type { EndedPage } from '../archive-thread/messages.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { PendingPages, type RunParts } from '../fetch/pending-pages.ts';
import type { Task } from '../fetch/task.ts';
import { branchesOf, createBranchPlan } from '../plan/create-growing-plan.ts';
import type { Chain } from './chunk-queue.ts';
import type { Lock } from './part-writer.ts';

export class OpenChain {
  readonly #pending: PendingPages;
  readonly #branches: BranchSpan;
  readonly lock: Lock;
  /** Its first page has come, or an earlier worker had it. */
  hasBegun: boolean;
  /** Nothing is left to ask for. */
  isRead = false;
  /** Pages that came and are in no part yet. */
  waiting = 0;

  /** @param parts with the pages in the archive that parts hold */
  constructor(parts: RunParts, pagination: Pagination, { branch, isBegun }: Chain, lock: Lock) {
    const { start, split } = parts.job.paginate!;
    const isBounded = parts.job.options.maxPages !== null;
    const plan = createBranchPlan({ pagination, start, split, isBounded }, branch);
    const mostPages = Number.POSITIVE_INFINITY;
    this.#pending = new PendingPages(parts, plan, pagination, null, mostPages);
    this.#branches = branchesOf(split, branch);
    this.hasBegun = isBegun;
    this.lock = lock;
  }

  has({ branch }: Place): boolean {
    return branch >= this.#branches.from && branch <= this.#branches.to;
  }

  /** The next requests, as they follow from the pages that came. */
  async *tasks(): AsyncGenerator<readonly Task[]> {
    yield* this.#pending.tasks();
    this.isRead = true;
  }

  onPage(task: Task, page: EndedPage, pageInfo: PageInfo | null): void {
    this.hasBegun = true;
    this.waiting += 1;
    this.#pending.onPage(task, page, pageInfo);
  }
}
