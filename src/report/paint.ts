import { stripVTControlCharacters } from 'node:util';

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

/** A command to copy: in several lines it would be several commands. */
const COMMAND = /^(?: +| *try: |\$ )(?:npx )?everypage /;

/**
 * Text whose lines fit `columns`, broken between words; what follows a break is indented as the line is.
 * Commands stay whole, and so do words that are longer than a line.
 */
export function wrapText(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, columns))
    .join('\n');
}

function wrapLine(line: string, columns: number): readonly string[] {
  const bare = stripVTControlCharacters(line);
  if (textWidth(bare) <= columns || COMMAND.test(bare)) return [line];
  // What follows stands under the last column of a table, if that leaves room for it.
  const [left = ''] = /^ *\S+(?: \S+)* {2,}(?=\S)/.exec(bare) ?? [];
  const isTable = left !== '' && textWidth(left) <= columns * 0.6;
  const indent = isTable ? ' '.repeat(textWidth(left)) : /^ */.exec(bare)![0];
  const lines: string[] = [];
  let current = '';
  let width = 0;
  // White space within a line may be columns of a table.
  for (const [word] of line.matchAll(/\s*\S+/g)) {
    const wide = textWidth(stripVTControlCharacters(word));
    if (current !== '' && width + wide > columns) {
      lines.push(current);
      current = indent + word.trimStart();
      width = textWidth(stripVTControlCharacters(current));
    } else {
      current += word;
      width += wide;
    }
  }
  return [...lines, current];
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
