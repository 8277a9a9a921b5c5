/** Every attempt as a bar, in lanes, on a canvas of its own: a hundred thousand of them move smoothly. */

import type { PauseCause } from '../../core/events.ts';
import { formatBytes } from '../../core/units.ts';
import { attemptKinds, kindNames, type ReportData } from '../report-data.ts';
import { type BarsColours, BarsPainter, colourOf } from './bars.ts';
import { details, element, table } from './dom.ts';
import { type Lanes, placeInLanes } from './lanes.ts';
import { kindClass, type Palette, pauseColour, readPalette } from './palette.ts';
import { axisWidth, PAUSE_ALPHA, type Plot } from './plot.ts';
import { lowerBound } from './series.ts';
import type { TimeRange } from './time-range.ts';
import { WhenSeen } from './when-seen.ts';
import { clock, latency, moment } from './words.ts';

const AXIS_HEIGHT = 24;
const MOST_HEIGHT = 380;
const LEAST_LANE = 4;
const MOST_LANE = 20;
const MOST_ROWS = 500;
const WHEEL_ZOOM = 1.0015;
/** So far a pointer may be from a bar, in pixels. */
const NEAR = 4;

export type Waterfall = Omit<Plot, 'show'>;

export function createWaterfall(data: ReportData, range: TimeRange): Waterfall {
  return new WaterfallView(data, range);
}

class WaterfallView implements Waterfall {
  readonly node: HTMLElement;
  readonly #data: ReportData;
  readonly #range: TimeRange;
  readonly #lanes: Lanes;
  readonly #bars: BarsPainter;
  readonly #drawing: WhenSeen;
  readonly #canvas: HTMLCanvasElement;
  readonly #tip = element('div', { class: 'tip', role: 'status' });
  readonly #chosenNode = element('div', { class: 'chosen', 'aria-live': 'polite' });
  readonly #numbers: ReturnType<typeof details>;
  readonly #laneHeight: number;
  readonly #shownLanes: number;
  #firstLane = 0;
  #palette: Palette;
  #colours: BarsColours;
  #chosen: number | null = null;

  constructor(data: ReportData, range: TimeRange) {
    this.#data = data;
    this.#range = range;
    this.#lanes = placeInLanes(data.attempts);
    this.#bars = new BarsPainter(data.attempts, this.#lanes);
    this.#palette = readPalette();
    this.#colours = coloursOf(this.#palette, data);
    const lanes = Math.max(1, this.#lanes.members.length);
    this.#laneHeight = Math.max(LEAST_LANE, Math.min(MOST_LANE, Math.floor(MOST_HEIGHT / lanes)));
    this.#shownLanes = Math.min(lanes, Math.floor(MOST_HEIGHT / this.#laneHeight));
    this.#canvas = element('canvas', {
      tabindex: '0',
      role: 'application',
      'aria-label':
        'Waterfall of attempts. Left and right move, plus and minus zoom, 0 shows all, up and down scroll lanes, N and P choose the next and the previous attempt, E and Shift E the next and the previous one that brought no page. The table below has the same.',
    });
    this.#canvas.style.height = `${this.#height}px`;
    this.#numbers = details('As a table', () => this.#table());
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

  get #height(): number {
    return this.#shownLanes * this.#laneHeight + AXIS_HEIGHT;
  }

  #legend(): HTMLElement {
    const met = new Set(this.#data.facts.tally.map(({ kind }) => kind));
    return element(
      'ul',
      { class: 'legend' },
      ...attemptKinds
        .filter((kind) => met.has(kind))
        .map((kind) =>
          element(
            'li',
            {},
            element('span', { class: `swatch ${kindClass(kind)}` }),
            kindNames[kind],
          ),
        ),
    );
  }

  /** Where bars stand, in pixels of the page. */
  get #plot(): { readonly left: number; readonly width: number } {
    const { clientWidth } = this.#canvas;
    const axis = axisWidth(clientWidth);
    return { left: axis, width: Math.max(1, clientWidth - 2 * axis) };
  }

  #x(ms: number): number {
    const { left, width } = this.#plot;
    return left + ((ms - this.#range.from) / this.#range.ms) * width;
  }

  #timeAt(x: number): number {
    const { left, width } = this.#plot;
    return this.#range.from + ((x - left) / width) * this.#range.ms;
  }

  #draw(): void {
    const canvas = this.#canvas;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, this.#height];
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
    this.#drawAxis(context);
  }

  #drawBars(context: CanvasRenderingContext2D, ratio: number): void {
    const { left, width } = this.#plot;
    const view = {
      from: this.#range.from,
      to: this.#range.to,
      width: Math.round(width * ratio),
      ratio,
      laneHeight: Math.round(this.#laneHeight * ratio),
      firstLane: this.#firstLane,
      lanes: this.#shownLanes,
    };
    context.putImageData(this.#bars.paint(view, this.#colours), Math.round(left * ratio), 0);
  }

  #drawChosen(context: CanvasRenderingContext2D): void {
    if (this.#chosen === null) return;
    const { start, duration } = this.#data.attempts;
    const row = this.#lanes.of[this.#chosen]! - this.#firstLane;
    if (row < 0 || row >= this.#shownLanes) return;
    const x = this.#x(start[this.#chosen]!);
    const size = Math.max(3, (duration[this.#chosen]! / this.#range.ms) * this.#plot.width);
    context.strokeStyle = this.#palette.text;
    context.lineWidth = 2;
    context.strokeRect(x - 1, row * this.#laneHeight - 1, size + 2, this.#laneHeight + 1);
  }

  #drawAxis(context: CanvasRenderingContext2D): void {
    const { left, width } = this.#plot;
    const top = this.#height - AXIS_HEIGHT;
    const { from, to, ms } = this.#range;
    context.font = '12px system-ui, sans-serif';
    context.fillStyle = this.#palette.muted;
    context.strokeStyle = this.#palette.line;
    context.lineWidth = 1;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const step = niceTime(ms / Math.max(2, width / 90));
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const x = Math.round(this.#x(at)) + 0.5;
      context.beginPath();
      context.moveTo(x, top);
      context.lineTo(x, top + 4);
      context.stroke();
      context.fillText(clock(at, ms), x, top + 8);
    }
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    const lanes = this.#lanes.members.length;
    const last = this.#firstLane + this.#shownLanes;
    context.fillText(String(this.#firstLane + 1), left - 8, this.#laneHeight / 2);
    if (lanes > 1) context.fillText(String(last), left - 8, top - this.#laneHeight / 2);
    context.textAlign = 'left';
    context.beginPath();
    context.moveTo(left, top + 0.5);
    context.lineTo(left + width, top + 0.5);
    context.stroke();
  }

  #listen(): void {
    const canvas = this.#canvas;
    this.#range.takeKeys(canvas);
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener(
      'wheel',
      (event) => {
        if (event.ctrlKey || event.metaKey) {
          this.#range.zoom(WHEEL_ZOOM ** event.deltaY, this.#timeAt(event.offsetX));
        } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          this.#range.move(event.deltaX / this.#plot.width);
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
      const by = (moved / this.#plot.width) * (dragged.to - dragged.from);
      this.#range.set(dragged.from - by, dragged.to - by);
    });
    canvas.addEventListener('pointerup', (event) => {
      const wasClick = dragged?.isMoved === false;
      dragged = null;
      if (wasClick) this.#choose(this.#attemptAt(event.offsetX, event.offsetY));
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
    if (event.key.startsWith('Arrow') && this.#shownLanes >= this.#lanes.members.length) return;
    event.preventDefault();
    act();
  }

  #scroll(by: number): void {
    const most = Math.max(0, this.#lanes.members.length - this.#shownLanes);
    this.#firstLane = Math.min(most, Math.max(0, this.#firstLane + by));
    this.#draw();
  }

  #attemptAt(x: number, y: number): number | null {
    const lane = this.#lanes.members[this.#firstLane + Math.floor(y / this.#laneHeight)];
    if (lane === undefined || y >= this.#height - AXIS_HEIGHT) return null;
    const { start, duration } = this.#data.attempts;
    const time = this.#timeAt(x);
    const near = (NEAR / this.#plot.width) * this.#range.ms;
    const index = lowerBound(lane.length, (at) => start[lane[at]!]! > time);
    const distance = (at: number): number =>
      Math.max(0, start[at]! - time, time - start[at]! - duration[at]!);
    const [nearest] = [lane[index - 1], lane[index]]
      .filter((at) => at !== undefined)
      .sort((a, b) => distance(a) - distance(b));
    return nearest !== undefined && distance(nearest) <= near ? nearest : null;
  }

  #hover(event: PointerEvent): void {
    const at = this.#attemptAt(event.offsetX, event.offsetY);
    this.#tip.hidden = at === null;
    if (at === null) return;
    const { page, duration, bytes } = this.#data.attempts;
    this.#tip.replaceChildren(
      element('b', {}, `${this.#wordsOf(at)} · ${latency(duration[at]!)}`),
      element('span', {}, this.#data.urls[page[at]!] ?? ''),
      element('span', {}, formatBytes(bytes[at]!)),
    );
    const most = this.#canvas.clientWidth - this.#tip.offsetWidth;
    this.#tip.style.left = `${Math.max(0, Math.min(most, event.offsetX + 12))}px`;
    this.#tip.style.top = `${event.offsetY + 16}px`;
  }

  #wordsOf(at: number): string {
    const { status, outcome } = this.#data.attempts;
    const words = this.#data.facts.outcomes[outcome[at]!] ?? '';
    return words === 'ok' ? `${status[at]} OK` : words;
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
    this.#chosenNode.replaceChildren(...(at === null ? [] : [this.#chosenTable(at)]));
    if (at !== null) this.#bringIntoView(at);
    this.#draw();
  }

  #bringIntoView(at: number): void {
    const { start, duration } = this.#data.attempts;
    const [from, to] = [start[at]!, start[at]! + duration[at]!];
    if (from < this.#range.from || to > this.#range.to) {
      const half = this.#range.ms / 2;
      this.#range.set((from + to) / 2 - half, (from + to) / 2 + half);
    }
    const lane = this.#lanes.of[at]!;
    if (lane < this.#firstLane) this.#firstLane = lane;
    if (lane >= this.#firstLane + this.#shownLanes) this.#firstLane = lane - this.#shownLanes + 1;
  }

  /** All attempts of the page that the chosen one belongs to. */
  #chosenTable(at: number): HTMLElement {
    const { page } = this.#data.attempts;
    const url = this.#data.urls[page[at]!] ?? '';
    const own = [...page.keys()].filter((other) => page[other] === page[at]);
    return element(
      'div',
      {},
      element('p', {}, element('b', {}, url)),
      this.#tableOf(`Attempts at ${url}`, own, false),
    );
  }

  #table(): HTMLElement {
    const { start, duration } = this.#data.attempts;
    const shown: number[] = [];
    let count = 0;
    for (let at = 0; at < start.length && start[at]! <= this.#range.to; at += 1) {
      if (start[at]! + duration[at]! < this.#range.from) continue;
      count += 1;
      if (shown.length < MOST_ROWS) shown.push(at);
    }
    const more = count - shown.length;
    return element(
      'div',
      {},
      more > 0
        ? element('p', {}, `The first ${MOST_ROWS} of ${count} in this range; zoom in for others.`)
        : null,
      this.#tableOf('Attempts in this range', shown, true),
    );
  }

  #tableOf(caption: string, attempts: readonly number[], withUrl: boolean): HTMLElement {
    const { start, duration, bytes, page, told, number } = this.#data.attempts;
    const { time } = this.#data.facts;
    return table(
      caption,
      [
        { name: 'Sent' },
        ...(withUrl ? [{ name: 'URL' }] : [{ name: 'Try', isNumber: true }, { name: 'On' }]),
        { name: 'Took', isNumber: true },
        { name: 'What came' },
        { name: 'Told to wait', isNumber: true },
        { name: 'Bytes', isNumber: true },
      ],
      attempts.map((at) => [
        clock(start[at]!, 500),
        ...(withUrl
          ? [this.#data.urls[page[at]!] ?? '']
          : [String(number[at]), moment(start[at]!, time)]),
        latency(duration[at]!),
        this.#wordsOf(at),
        Number.isNaN(told[at]!) ? '' : latency(told[at]!),
        formatBytes(bytes[at]!),
      ]),
    );
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

function niceTime(least: number): number {
  const nice = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5];
  const long = [6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5];
  return [...nice, ...long].find((ms) => ms >= least) ?? Math.ceil(least / 864e5) * 864e5;
}
