import type { Paint, Painter } from './paint.ts';

/** A piece of a line; colour is added after the line was cut, so that it never counts as width. */
export interface Segment {
  readonly text: string;
  readonly paint: Paint | null;
}

/**
 * Columns a character takes, or more: from U+1100 on nearly all wide scripts and emoji begin, and
 * a line that is cut a little early is harmless where one that wraps breaks every later redraw.
 */
function charWidth(codePoint: number): number {
  const narrow = codePoint < 0x1100 || (codePoint >= 0x2010 && codePoint <= 0x259f);
  return narrow ? 1 : 2;
}

export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char.codePointAt(0)!);
  return width;
}

/** `text`, or as much of it as fits `columns` with an ellipsis at its end. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 1) return '';
  let fitted = '';
  let width = 1;
  for (const char of text) {
    width += charWidth(char.codePointAt(0)!);
    if (width > columns) break;
    fitted += char;
  }
  return `${fitted}…`;
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
