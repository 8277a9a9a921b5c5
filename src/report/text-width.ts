/** How many columns of a terminal text takes, and text that is made to fit. */
import { stripVTControlCharacters } from 'node:util';

/** Each character takes one column: Latin letters, and what the progress is drawn with. */
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2013-\u2026\u2190-\u2193\u2500-\u257f]*$/;

/** Columns that a terminal gives to text: marks that stand on others take none, wide scripts two. */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

/** `text`, or as much of it as fits `columns` with an ellipsis at its end. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 1) return '';
  let fitted = '';
  let width = 1;
  for (const { segment } of graphemesOf(text)) {
    width += graphemeWidth(segment);
    if (width > columns) break;
    fitted += segment;
  }
  return `${fitted}…`;
}

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for one character each. Made when it is used: ICU takes 10 ms for it. */
function graphemesOf(text: string): Iterable<{ readonly segment: string }> {
  if (NARROW.test(text)) return Array.from(text, (segment) => ({ segment }));
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** East Asian Wide and Fullwidth (Unicode UAX #11), in blocks. */
const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|^\p{Emoji}\ufe0f/u;

function graphemeWidth(segment: string): number {
  if (WIDE.test(segment)) return 2;
  return /^[\p{Mn}\p{Me}\p{Cf}]/u.test(segment) ? 0 : 1;
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
