/** Colours for canvases, from the style sheet, so that light, dark and print each have their own. */
import type { PauseCause } from '../../core/events.ts';
import { type AttemptKind, attemptKinds } from '../report-data.ts';
import { element } from './dom.ts';

/** Each as `rgb(0, 114, 178)`. */
export interface Palette {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly card: string;
  readonly blue: string;
  readonly orange: string;
  readonly vermillion: string;
  readonly purple: string;
  readonly green: string;
  readonly kinds: readonly string[];
}

const kindColours: Readonly<Record<AttemptKind, string>> = {
  ok: 'blue',
  refused: 'orange',
  'server-error': 'vermillion',
  'no-answer': 'purple',
  'not-a-page': 'text',
  'past-end': 'grey',
};

export function readPalette(): Palette {
  // A variable is given as it was written; only a property that uses it is a colour.
  const probe = document.body.appendChild(document.createElement('i'));
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette: Palette = {
    text: colour('text'),
    muted: colour('muted'),
    line: colour('line'),
    card: colour('card'),
    blue: colour('blue'),
    orange: colour('orange'),
    vermillion: colour('vermillion'),
    purple: colour('purple'),
    green: colour('green'),
    kinds: attemptKinds.map((kind) => colour(kindColours[kind])),
  };
  probe.remove();
  return palette;
}

/** How much of the shade behind a pause covers the card. */
export const PAUSE_ALPHA = 0.2;

/** Colour of the shade behind a pause. */
export function pauseColour(cause: PauseCause, { orange, vermillion, muted }: Palette): string {
  return { limit: orange, outage: vermillion, user: muted }[cause];
}

/** @param css `rgb(0, 114, 178)` */
export function withAlpha(css: string, alpha: number): string {
  return `${css.slice(0, -1)}, ${alpha})`;
}

/** The class that gives an element the colour of a kind. */
export function kindClass(kind: AttemptKind): string {
  return kindColours[kind];
}

/** Words beside the colour of a kind. */
export function kindMark(kind: AttemptKind, words: string): HTMLElement {
  const swatch = element('span', { class: `swatch ${kindClass(kind)}` });
  return element('span', { class: 'kind' }, swatch, words);
}

/** `light` and `dark` are chosen; `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark';

export function themeNow(): Theme {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'auto';
}

export function setTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
}
