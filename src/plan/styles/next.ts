import { followUrl } from './follow-url.ts';
import { type ChainStyle, firstRequest } from './style.ts';

/** The next page's URL in the body, or in a header of the API's own. */
export const next: ChainStyle = { kind: 'chain', first: firstRequest, next: followUrl };
