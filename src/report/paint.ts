import { fitText, textWidth } from './text-width.ts';

/** Colours, in the eight that every terminal theme defines. */
export type Paint = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold';

const codes: Readonly<Record<Paint, readonly [on: number, off: number]>> = {
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Wraps `text` in a colour, or gives it back as it is. */
export type Painter = (paint: Paint | null, text: string) => string;

export function createPainter(color: boolean): Painter {
  if (!color) return (_paint, text) => text;
  return (paint, text) => {
    if (paint === null || text === '') return text;
    const [on, off] = codes[paint];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

/** 2xx green, 3xx cyan, everything else, and no answer at all, red. */
export function statusPaint(status: number | null): Paint {
  if (status === null) return 'red';
  if (status >= 200 && status < 300) return 'green';
  return status >= 300 && status < 400 ? 'cyan' : 'red';
}

/** A piece of a line; colour is added after the line was cut, so that it never counts as width. */
export interface Segment {
  readonly text: string;
  readonly paint: Paint | null;
}

/** One painted line of at most `columns` columns. */
export function fitLine(segments: readonly Segment[], columns: number, paint: Painter): string {
  let line = '';
  let left = columns;
  for (const segment of segments) {
    const text = fitText(segment.text, left);
    line += paint(segment.paint, text);
    left -= textWidth(text);
    if (text !== segment.text) break;
  }
  return line;
}
