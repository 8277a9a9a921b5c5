import { bigId, createdText, slug } from './api-records.ts';
import type { ApiShape } from './api-shape.ts';

/** The records of APIs that are nobody's. */
export const thing: Pick<ApiShape, 'keyPath' | 'record' | 'pageSize'> = {
  pageSize: 25,
  keyPath: 'id',
  record: (item) => ({ id: bigId(item), name: slug(item), created: createdText(item) }),
};
