import { followUrl } from './follow-url.ts';
import { type ChainStyle, firstRequest } from './style.ts';

/** `Link: <…>; rel="next"` (RFC 8288). */
export const link: ChainStyle = { kind: 'chain', first: firstRequest, next: followUrl };
