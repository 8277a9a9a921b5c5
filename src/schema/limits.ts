/** Keys of one object; with more it is a dictionary. SQLite's tables have as many columns. */
export const MOST_FIELDS = 2_000;
export const MOST_FIELDS_IN_ALL = 20_000;
/** Objects and lists within each other. */
export const MOST_LEVELS = 24;
/** Of a decimal. */
export const MOST_DIGITS = 38;
