/** A run drawn from a seed: what list, read how, and what changes in it, where and when. */
import type { Order } from './changing-list.ts';
import { type ListStyle, listStyles, type Stated } from './list-styles.ts';

export const kinds = [
  'delete',
  'insert',
  'append',
  'delete and append',
  'delete and insert',
  'delete, later insert',
  'hide, later show',
  'delete a page',
  'all the time',
  'move',
] as const;

export type Kind = (typeof kinds)[number];

/**
 * `start`: the first tenth. `read`: what was read, behind the first page. `front`: within two pages of
 * how far the list has been read. `newest`: where new rows come.
 */
type Where = 'any' | 'start' | 'read' | 'front' | 'newest';

export type Change =
  | { readonly act: 'insert' | 'delete' | 'hide'; readonly where: Where }
  | { readonly act: 'move'; readonly where: Where; readonly to: Where }
  | { readonly act: 'show' };

/** Changes that are made at once, before the server answers the request of that number. */
export interface Step {
  /** A part of the pages that the list had when the reading began: 0 to 1, more for what follows. */
  readonly moment: number;
  readonly changes: readonly Change[];
}

/**
 * What names a record. `rank`: its id, which the list is sorted by. `own`: an id in no order.
 * `dense`: ids count up from 1 as offsets do. `none`: only its other fields. `equal`: many are equal.
 */
export type Identity = 'rank' | 'own' | 'dense' | 'none' | 'equal';

export interface DriftCase {
  readonly seed: number;
  readonly style: ListStyle;
  readonly stated: Stated;
  readonly order: Order;
  readonly identity: Identity;
  /** As many as the list has in the beginning. */
  readonly pages: number;
  readonly pageSize: number;
  readonly length: number;
  /** Something in each record is another each time it is sent. */
  readonly ticks: boolean;
  /** Pages have an ETag, and one that is the same is a 304. */
  readonly hasEtag: boolean;
  readonly concurrency: number;
  /** Null where the list stands still. */
  readonly kind: Kind | null;
  /** One for each reading; the last one counts for all that follow. */
  readonly steps: readonly (readonly Step[])[];
}

export type Random = () => number;

/** The same draw for the same seed. */
class Draw {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  chance(part: number): boolean {
    return this.#random() < part;
  }

  /** Mostly while the list is read; often near its end, where nothing comes to show a change. */
  moment(pages: number): number {
    const any = this.#random();
    if (this.chance(0.8)) return any;
    return this.chance(0.5) ? 1 + 0.1 * any : (pages - 3 + 3 * any) / pages;
  }
}

/** Pages of the lists, as tables have them. */
export const lengths = [10, 30, 100, 300, 1000] as const;

/** A list that changes. Styles, lengths and kinds come in turn, so that each meets each. */
export function drawCase(seed: number, random: Random): DriftCase {
  const draw = new Draw(random);
  const style = listStyles[seed % listStyles.length]!;
  const round = Math.floor(seed / listStyles.length);
  const pages = lengths[round % lengths.length]!;
  // By the style as well, so that few runs have all kinds, too.
  const kind = kinds[(Math.floor(round / lengths.length) + seed) % kinds.length]!;
  const list = drawList(draw, style, pages, kind);
  const readings = draw.pick([[1], [1], [1, 2], [1, 3]]);
  const steps = [1, 2, 3, 4].map((reading) =>
    readings.includes(reading) ? drawSteps(draw, kind, list) : [],
  );
  return { seed, ...list, kind, steps };
}

/** A list that stands still: of each length that is odd in some way, and of any. */
export function drawStillCase(seed: number, random: Random): DriftCase {
  const draw = new Draw(random);
  const style = listStyles[seed % listStyles.length]!;
  const list = drawList(draw, style, draw.pick([1, 2, 3, 5, 10, 11, 30, 100]), null);
  const odd = [0, 1, list.pageSize - 1, list.pageSize + 1];
  const length = draw.chance(0.2) ? draw.pick(odd) : list.length;
  const pages = Math.max(1, Math.ceil(length / list.pageSize));
  return { seed, ...list, length, pages, kind: null, steps: [] };
}

type DrawnList = Omit<DriftCase, 'seed' | 'kind' | 'steps'>;

function drawList(draw: Draw, style: ListStyle, pages: number, kind: Kind | null): DrawnList {
  const pageSize = pages > 100 ? 10 : draw.pick([5, 10, 10, 10, 20, 25]);
  const identity = drawIdentity(draw, style, kind);
  return {
    style,
    stated: draw.pick(style.variants),
    order: draw.pick(['ascending', 'descending']),
    identity,
    pages,
    pageSize,
    length: pages * pageSize - (draw.chance(0.2) ? 0 : draw.below(pageSize)),
    ticks: draw.chance(0.15),
    hasEtag: draw.chance(0.25),
    concurrency: draw.pick([1, 2, 4, 8]),
  };
}

function drawIdentity(draw: Draw, style: ListStyle, kind: Kind | null): Identity {
  // An id that a list is sorted by does not change, so nothing moves.
  const ids: readonly Identity[] = kind === 'move' ? ['own', 'dense'] : ['rank', 'own', 'dense'];
  if (style.name === 'keyset') return draw.pick(ids);
  return draw.pick([...ids, ...ids, draw.pick(['none', 'none', 'equal'])]);
}

function drawSteps(draw: Draw, kind: Kind, { pages, pageSize }: DrawnList): Step[] {
  const where = (): Where => draw.pick(['any', 'any', 'read', 'start', 'front', 'front']);
  const insert = (): Change => ({ act: 'insert', where: draw.pick([where(), where(), 'newest']) });
  const remove = (): Change => ({ act: 'delete', where: where() });
  const append: Change = { act: 'insert', where: 'newest' };
  const times = draw.pick([1, 1, 1, 2, 3]);
  const each = (changes: () => Change[]): Step[] =>
    Array.from({ length: times }, () => ({ moment: draw.moment(pages), changes: changes() }));
  const later = (first: () => Change, second: () => Change): Step[] =>
    Array.from({ length: times }, () =>
      [draw.moment(pages), draw.moment(pages)].sort((a, b) => a - b),
    )
      .flatMap(([one, two]) => [
        { moment: one!, changes: [first()] },
        { moment: two!, changes: [second()] },
      ])
      .sort((a, b) => a.moment - b.moment);
  switch (kind) {
    case 'delete':
      return each(() => [remove()]);
    case 'insert':
      return each(() => [insert()]);
    case 'append':
      return each(() => Array.from({ length: draw.pick([1, 1, 2, pageSize]) }, () => append));
    case 'delete and append':
      return each(() => [remove(), append]);
    case 'delete and insert':
      return each(() =>
        draw.pick([
          [remove(), insert()],
          [insert(), remove()],
        ]),
      );
    case 'delete, later insert':
      return draw.chance(0.5) ? later(remove, insert) : later(insert, remove);
    case 'hide, later show':
      return later(
        () => ({ act: 'hide', where: where() }),
        () => ({ act: 'show' }),
      );
    case 'delete a page': {
      const amount = pageSize + draw.pick([-1, 0, 1]);
      const there = where();
      const changes = Array.from(
        { length: amount },
        (): Change => ({ act: 'delete', where: there }),
      );
      return [{ moment: draw.moment(pages), changes }];
    }
    case 'all the time': {
      const amount = Math.ceil(pages * draw.pick([0.03, 0.1, 0.3]));
      const any = (): Change => draw.pick([remove(), insert(), append]);
      return Array.from({ length: amount }, () => ({
        moment: draw.moment(pages),
        changes: [any()],
      }));
    }
    case 'move':
      return each(() => [{ act: 'move', where: where(), to: draw.pick([where(), 'newest']) }]);
  }
}
