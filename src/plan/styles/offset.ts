import { page } from './page.ts';
import type { CountedStyle } from './style.ts';

/** How many records come before the page: `?offset=50`. Set as a page number is. */
export const offset: CountedStyle = { ...page };
