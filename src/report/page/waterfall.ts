/** Every attempt as a bar, in lanes, on a canvas of its own: a hundred thousand of them move smoothly. */

import type { PauseCause } from '../../core/events.ts';
import { formatBytes } from '../../core/units.ts';
import { attemptKinds, kindNames, type ReportData } from '../report-data.ts';
import { attemptsIn, outcomeOf, triesOfPage } from './attempt-tables.ts';
import { type BarsColours, BarsPainter, colourOf } from './bars.ts';
import { details, element } from './dom.ts';
import { kindMark, PAUSE_ALPHA, type Palette, pauseColour, readPalette } from './palette.ts';
import type { Plot } from './plot.ts';
import { lowerBound } from './series.ts';
import type { TimeRange } from './time-range.ts';
import { drawAxis } from './waterfall-axis.ts';
import { NEAR, placeInLanes, WaterfallLayout } from './waterfall-layout.ts';
import { WhenSeen } from './when-seen.ts';
import { latency } from './words.ts';

const WHEEL_ZOOM = 1.0015;
export type Waterfall = Omit<Plot, 'show'>;

export function createWaterfall(data: ReportData, range: TimeRange): Waterfall {
  return new WaterfallView(data, range);
}

class WaterfallView implements Waterfall {
  readonly node: HTMLElement;
  readonly #data: ReportData;
  readonly #range: TimeRange;
  readonly #bars: BarsPainter;
  readonly #drawing: WhenSeen;
  readonly #canvas: HTMLCanvasElement;
  readonly #tip = element('div', { class: 'tip', role: 'status' });
  readonly #chosenNode = element('div', { class: 'chosen', 'aria-live': 'polite' });
  readonly #numbers: ReturnType<typeof details>;
  readonly #layout: WaterfallLayout;
  #palette: Palette;
  #colours: BarsColours;
  #chosen: number | null = null;

  constructor(data: ReportData, range: TimeRange) {
    this.#data = data;
    this.#range = range;
    const lanes = placeInLanes(data.attempts);
    this.#bars = new BarsPainter(data.attempts, lanes);
    this.#palette = readPalette();
    this.#colours = coloursOf(this.#palette, data);
    this.#canvas = element('canvas', {
      tabindex: '0',
      role: 'application',
      'aria-label':
        'Waterfall of attempts. Left and right move, plus and minus zoom, 0 shows all, up and down scroll lanes, N and P choose the next and the previous attempt, E and Shift E the next and the previous one that brought no page. The table below has the same.',
    });
    this.#layout = new WaterfallLayout(data.attempts, lanes, range, this.#canvas);
    this.#canvas.style.height = `${this.#layout.height}px`;
    this.#numbers = details('As a table', () => attemptsIn(this.#data, this.#range));
    this.node = element(
      'figure',
      { id: 'waterfall' },
      element(
        'figcaption',
        {},
        element('h3', {}, 'Every attempt'),
        element(
          'p',
          {},
          'Each bar is one request, from when it was sent to when its answer was complete. As many bars stand above each other as requests were under way.',
        ),
      ),
      this.#legend(),
      element('div', { class: 'canvas' }, this.#canvas, this.#tip),
      element(
        'p',
        { class: 'hint' },
        ...keyHints([
          ['←', '→', 'move'],
          ['+', '−', 'zoom'],
          ['0', 'all'],
          ['N', 'P', 'next, previous'],
          ['E', 'next without a page'],
        ]),
        'drag to move, Ctrl and wheel to zoom',
      ),
      this.#chosenNode,
      this.#numbers,
    );
    this.#listen();
    this.#drawing = new WhenSeen(this.node, () => this.#draw());
  }

  move(): void {
    this.#drawing.ask();
    this.#tip.hidden = true;
    this.#numbers.refresh();
  }

  redraw(onPaper: boolean): void {
    this.#palette = readPalette();
    this.#colours = coloursOf(this.#palette, this.#data);
    if (onPaper) this.#drawing.now();
    else this.#drawing.ask();
  }

  drawAhead(): void {
    this.#drawing.ahead();
  }

  dispose(): void {
    this.#drawing.dispose();
  }

  #legend(): HTMLElement {
    const met = new Set(this.#data.facts.tally.map(({ kind }) => kind));
    return element(
      'ul',
      { class: 'legend' },
      ...attemptKinds
        .filter((kind) => met.has(kind))
        .map((kind) => element('li', {}, kindMark(kind, kindNames[kind]))),
    );
  }

  #draw(): void {
    const canvas = this.#canvas;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, this.#layout.height];
    if (width === 0) return;
    if (
      canvas.width !== Math.round(width * ratio) ||
      canvas.height !== Math.round(height * ratio)
    ) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#drawBars(context, ratio);
    this.#drawChosen(context);
    drawAxis(context, this.#layout, this.#range, this.#palette);
  }

  #drawBars(context: CanvasRenderingContext2D, ratio: number): void {
    const { left, width, laneHeight, firstLane, shownLanes } = this.#layout;
    const view = {
      from: this.#range.from,
      to: this.#range.to,
      width: Math.round(width * ratio),
      ratio,
      laneHeight: Math.round(laneHeight * ratio),
      firstLane,
      lanes: shownLanes,
    };
    context.putImageData(this.#bars.paint(view, this.#colours), Math.round(left * ratio), 0);
  }

  #drawChosen(context: CanvasRenderingContext2D): void {
    if (this.#chosen === null) return;
    const { start, duration } = this.#data.attempts;
    const { laneHeight, width } = this.#layout;
    const row = this.#layout.rowOf(this.#chosen);
    if (row === null) return;
    const x = this.#layout.x(start[this.#chosen]!);
    const size = Math.max(3, (duration[this.#chosen]! / this.#range.ms) * width);
    context.strokeStyle = this.#palette.text;
    context.lineWidth = 2;
    context.strokeRect(x - 1, row * laneHeight - 1, size + 2, laneHeight + 1);
  }

  #listen(): void {
    const canvas = this.#canvas;
    this.#range.takeKeys(canvas);
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener(
      'wheel',
      (event) => {
        if (event.ctrlKey || event.metaKey) {
          this.#range.zoom(WHEEL_ZOOM ** event.deltaY, this.#layout.timeAt(event.offsetX));
        } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          this.#range.move(event.deltaX / this.#layout.width);
        } else return;
        event.preventDefault();
      },
      { passive: false },
    );
    let dragged: { x: number; from: number; to: number; isMoved: boolean } | null = null;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      dragged = { x: event.offsetX, from: this.#range.from, to: this.#range.to, isMoved: false };
    });
    canvas.addEventListener('pointermove', (event) => {
      if (dragged === null) {
        this.#hover(event);
        return;
      }
      const moved = event.offsetX - dragged.x;
      if (Math.abs(moved) > NEAR) dragged.isMoved = true;
      if (!dragged.isMoved) return;
      const by = (moved / this.#layout.width) * (dragged.to - dragged.from);
      this.#range.set(dragged.from - by, dragged.to - by);
    });
    canvas.addEventListener('pointerup', (event) => {
      const wasClick = dragged?.isMoved === false;
      dragged = null;
      if (wasClick) this.#choose(this.#layout.attemptAt(event.offsetX, event.offsetY));
    });
    canvas.addEventListener('pointercancel', () => {
      dragged = null;
    });
    canvas.addEventListener('pointerleave', () => {
      this.#tip.hidden = true;
    });
    canvas.addEventListener('dblclick', () => this.#range.all());
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      ArrowUp: () => this.#scroll(-1),
      ArrowDown: () => this.#scroll(1),
      n: () => this.#chooseNext(1, false),
      p: () => this.#chooseNext(-1, false),
      e: () => this.#chooseNext(event.shiftKey ? -1 : 1, true),
      Escape: () => this.#choose(null),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act === undefined) return;
    if (event.key.startsWith('Arrow') && this.#layout.shownLanes >= this.#layout.lanes) return;
    event.preventDefault();
    act();
  }

  #scroll(by: number): void {
    this.#layout.scroll(by);
    this.#draw();
  }

  #hover(event: PointerEvent): void {
    const at = this.#layout.attemptAt(event.offsetX, event.offsetY);
    this.#tip.hidden = at === null;
    if (at === null) return;
    const { page, duration, bytes } = this.#data.attempts;
    this.#tip.replaceChildren(
      element('b', {}, `${outcomeOf(this.#data, at)} · ${latency(duration[at]!)}`),
      element('span', {}, this.#data.urls[page[at]!] ?? ''),
      element('span', {}, formatBytes(bytes[at]!)),
    );
    const most = this.#canvas.clientWidth - this.#tip.offsetWidth;
    this.#tip.style.left = `${Math.max(0, Math.min(most, event.offsetX + 12))}px`;
    this.#tip.style.top = `${event.offsetY + 16}px`;
  }

  #chooseNext(step: 1 | -1, isWithoutPage: boolean): void {
    const { start, kind } = this.#data.attempts;
    const length = start.length;
    const begin =
      this.#chosen ??
      lowerBound(length, (at) => start[at]! >= this.#range.from) - (step === 1 ? 1 : 0);
    // Behind the last comes the first.
    for (let steps = 1; steps <= length; steps += 1) {
      const at = (((begin + steps * step) % length) + length) % length;
      if (isWithoutPage && (kind[at] === 0 || attemptKinds[kind[at]!] === 'past-end')) continue;
      this.#choose(at);
      return;
    }
  }

  #choose(at: number | null): void {
    this.#chosen = at;
    this.#chosenNode.replaceChildren(...(at === null ? [] : [triesOfPage(this.#data, at)]));
    if (at !== null) this.#layout.bringIntoView(at);
    this.#draw();
  }
}

function coloursOf(palette: Palette, { facts }: ReportData): BarsColours {
  const shadeOf = (cause: PauseCause): number =>
    colourOf(pauseColour(cause, palette), PAUSE_ALPHA, palette.card);
  return {
    background: colourOf(palette.card),
    shades: facts.pauses.map(({ from, to, cause }) => ({ from, to, colour: shadeOf(cause) })),
    kinds: palette.kinds.map((css) => colourOf(css)),
  };
}

/** Keys, and at the end of each list what they do. */
function keyHints(hints: readonly (readonly string[])[]): (Node | string)[] {
  return hints.flatMap((hint) => [
    ...hint.slice(0, -1).map((key) => element('kbd', {}, key)),
    `${hint.at(-1)} · `,
  ]);
}
