import type { PageRequest } from '../core/page-request.ts';
import type { ListPlanOptions } from './list-plan.ts';
import { parseUrlTemplate, type UrlTemplate } from './url-template.ts';
import { checkUrl } from './written-url.ts';

type SliceOptions = Pick<ListPlanOptions, 'sources' | 'method' | 'body' | 'secretParams'>;

/** A plan of known pages of which any range can be made without those before it. */
export interface PlanSlices {
  readonly total: number;
  /** Those at positions from ≤ p < to, which must be there. */
  range(from: number, to: number): Promise<readonly PageRequest[]>;
}

/** The same pages as `createListPlan` makes, at any position, for a list of arguments. */
export class ListSlices implements PlanSlices {
  readonly #options: SliceOptions;
  readonly #sources: readonly { readonly count: number; at(index: number): string }[];
  readonly total: number;

  /** @throws EverypageError URL_INVALID for an argument that is wrong */
  constructor(options: SliceOptions) {
    this.#options = options;
    this.#sources = options.sources.map((source): Pick<UrlTemplate, 'count' | 'at'> => {
      if (source.kind === 'template') return parseUrlTemplate(source.text);
      if (source.kind === 'literal') return { count: 1, at: () => source.text };
      throw new TypeError(`a list of the kind ${source.kind} has no positions before it is read`);
    });
    this.total = this.#sources.reduce((sum, { count }) => sum + count, 0);
  }

  async range(from: number, to: number): Promise<readonly PageRequest[]> {
    return Array.from({ length: to - from }, (_, index) => this.#at(from + index));
  }

  #at(position: number): PageRequest {
    let index = position;
    for (const source of this.#sources) {
      if (index < source.count) {
        const { method, body, secretParams } = this.#options;
        const url = checkUrl(source.at(index), null, secretParams);
        return { place: { branch: 0, position }, method, url, body, source: null };
      }
      index -= source.count;
    }
    throw new RangeError(`the list has no position ${position}`);
  }
}
