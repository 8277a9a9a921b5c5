/**
 * Paints the bars of attempts into pixels, one line for each lane. A frame costs the same however many bars
 * there are; as rectangles of a canvas, ten thousand of them took 30 ms.
 */
import type { AttemptColumns } from '../report-data.ts';
import { lowerBound } from './series.ts';
import type { Lanes } from './waterfall-layout.ts';

/** What a range looks like behind the bars, in milliseconds of the report. */
export interface Shade {
  readonly from: number;
  readonly to: number;
  readonly colour: number;
}

export interface BarsView {
  readonly from: number;
  readonly to: number;
  /** Pixels of the screen, and so many of them in a pixel of the page. */
  readonly width: number;
  readonly ratio: number;
  readonly laneHeight: number;
  readonly firstLane: number;
  readonly lanes: number;
}

/** Pixels as `colourOf` gives them. */
export interface BarsColours {
  readonly background: number;
  readonly shades: readonly Shade[];
  readonly kinds: readonly number[];
}

/** Bars that are wider get a gap behind them. */
const WIDE = 4;

export class BarsPainter {
  readonly #attempts: AttemptColumns;
  readonly #lanes: Lanes;
  #image = new ImageData(1, 1);

  constructor(attempts: AttemptColumns, lanes: Lanes) {
    this.#attempts = attempts;
    this.#lanes = lanes;
  }

  paint(view: BarsView, colours: BarsColours): ImageData {
    const { width, laneHeight, lanes, firstLane, ratio } = view;
    const height = Math.max(1, lanes * laneHeight);
    if (this.#image.width !== width || this.#image.height !== height) {
      this.#image = new ImageData(width, height);
    }
    const pixels = new Uint32Array(this.#image.data.buffer);
    const empty = emptyLine(view, colours);
    const gap = laneHeight > 6 * ratio ? Math.round(ratio) : 0;
    for (let row = 0; row < lanes; row += 1) {
      const first = row * laneHeight * width;
      const line = pixels.subarray(first, first + width);
      line.set(empty);
      const members = this.#lanes.members[firstLane + row];
      if (members !== undefined) this.#paintLine(line, members, view, colours);
      for (let y = 1; y < laneHeight; y += 1) {
        const at = first + y * width;
        if (y < laneHeight - gap) pixels.copyWithin(at, first, first + width);
        else pixels.set(empty, at);
      }
    }
    return this.#image;
  }

  /** Attempts that brought no page are painted last: among a thousand others in one pixel they matter most. */
  #paintLine(
    line: Uint32Array,
    members: Uint32Array,
    { from, to, width, ratio }: BarsView,
    { kinds }: BarsColours,
  ): void {
    const { start, duration, kind } = this.#attempts;
    const scale = width / (to - from);
    const wide = WIDE * ratio;
    const others: number[] = [];
    const paint = (at: number, least: number): void => {
      const begin = Math.floor((start[at]! - from) * scale);
      const end = Math.round((start[at]! + duration[at]! - from) * scale);
      const gap = end - begin > wide ? Math.round(ratio) : 0;
      const until = Math.min(width, Math.max(begin + least, end - gap));
      const colour = kinds[kind[at]!]!;
      // Most are so narrow that a call for each would cost more than its pixels.
      for (let x = Math.max(0, begin); x < until; x += 1) line[x] = colour;
    };
    const isOver = (index: number): boolean =>
      start[members[index]!]! + duration[members[index]!]! >= from;
    for (let index = lowerBound(members.length, isOver); index < members.length; index += 1) {
      const at = members[index]!;
      if (start[at]! > to) break;
      if (kind[at] === 0) paint(at, 1);
      else others.push(at);
    }
    for (const at of others) paint(at, Math.ceil(1.5 * ratio));
  }
}

function emptyLine(
  { from, to, width }: BarsView,
  { background, shades }: BarsColours,
): Uint32Array {
  const line = new Uint32Array(width).fill(background);
  const scale = width / (to - from);
  for (const shade of shades) {
    if (shade.to < from || shade.from > to) continue;
    const begin = Math.max(0, Math.floor((shade.from - from) * scale));
    line.fill(shade.colour, begin, Math.max(begin + 1, Math.round((shade.to - from) * scale)));
  }
  return line;
}

/**
 * A colour as a pixel of an `ImageData`.
 *
 * @param css `rgb(0, 114, 178)`
 * @param alpha how much of it lies over `below`
 */
export function colourOf(css: string, alpha = 1, below = css): number {
  const [over, under] = [css, below].map((text) => text.match(/\d+/g)!.map(Number));
  const mixed = (channel: number): number =>
    Math.round(over![channel]! * alpha + under![channel]! * (1 - alpha));
  return ((255 << 24) | (mixed(2) << 16) | (mixed(1) << 8) | mixed(0)) >>> 0;
}
