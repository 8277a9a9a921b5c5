import type { ApiList } from './api-list.ts';
import { createdSeconds, smallId } from './api-records.ts';
import { type ApiRequest, Refusal } from './api-shape.ts';

/** Bounds as `name[gte]=…`: of `created` in seconds or as a date, of `id` as a whole number. */
export function inSlice(
  request: ApiRequest,
  list: ApiList,
  order: 'oldest first' | 'newest first' = 'oldest first',
): ApiList {
  let found = list;
  for (const [name, text] of request.query) {
    const [, field, relation] = /^(created|id)\[(gte|gt|lte|lt)\]$/.exec(name) ?? [];
    if (field === undefined) continue;
    const bound = field === 'id' || /^\d{9,}$/.test(text) ? Number(text) : Date.parse(text) / 1000;
    if (Number.isNaN(bound)) throw new Refusal(400, { error: `${name} is no date and no number` });
    found = found.filter((item) => {
      const value = field === 'id' ? smallId(item) : createdSeconds(item, order);
      if (relation === 'gte') return value >= bound;
      if (relation === 'gt') return value > bound;
      return relation === 'lte' ? value <= bound : value < bound;
    });
  }
  return found;
}
