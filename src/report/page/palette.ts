/** Colours for canvases, from the style sheet, so that light, dark and print each have their own. */
import type { PauseCause } from '../../core/events.ts';
import { type AttemptKind, attemptKinds } from '../report-data.ts';

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
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
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
}

/** Of the shade behind a pause. */
export function pauseColour(cause: PauseCause, { orange, vermillion, muted }: Palette): string {
  return { limit: orange, outage: vermillion, user: muted }[cause];
}

/** The class that gives an element the colour of a kind. */
export function kindClass(kind: AttemptKind): string {
  return `kind-${kindColours[kind]}`;
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
