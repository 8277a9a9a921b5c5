import { countedShapes } from './api-counted.ts';
import { cursorShapes } from './api-cursor.ts';
import { cursorMarkShapes } from './api-cursor-mark.ts';
import { elasticsearchShapes } from './api-elasticsearch.ts';
import { expiringCursor } from './api-expiring.ts';
import { graphqlShapes } from './api-graphql.ts';
import { hypermediaShapes } from './api-hypermedia.ts';
import { keysetShapes } from './api-keyset.ts';
import { linkShapes } from './api-link.ts';
import { mediawiki } from './api-mediawiki.ts';
import { nextUrlShapes } from './api-next-url.ts';
import type { ApiShape } from './api-shape.ts';
import { unnamedCountedShapes } from './api-unnamed-counted.ts';
import { unnamedCursorShapes } from './api-unnamed-cursor.ts';
import { unnamedMixedShapes } from './api-unnamed-mixed.ts';

/** All fixture APIs: those that play a real API first, then shapes that no table names. */
export const apiShapes: readonly ApiShape[] = [
  ...linkShapes,
  ...nextUrlShapes,
  ...countedShapes,
  ...elasticsearchShapes,
  ...cursorShapes,
  ...cursorMarkShapes,
  mediawiki,
  ...keysetShapes,
  ...graphqlShapes,
  ...hypermediaShapes,
  ...unnamedCountedShapes,
  ...unnamedCursorShapes,
  ...unnamedMixedShapes,
  expiringCursor,
];

export const apiNames: readonly string[] = apiShapes.map((shape) => shape.name);

/** Throws TypeError for a name that is not in `apiNames`. */
export function findApiShape(name: string): ApiShape {
  const shape = apiShapes.find((it) => it.name === name);
  if (shape === undefined) throw new TypeError(`There is no fixture API named ${name}`);
  return shape;
}
