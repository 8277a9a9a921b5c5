/** The buttons and fields that say and change which range of time is shown. */
import type { ReportData } from '../report-data.ts';
import { element } from './dom.ts';
import type { TimeRange } from './time-range.ts';
import { clock, moment } from './words.ts';

export function createControls(
  { facts }: ReportData,
  range: TimeRange,
): { readonly node: HTMLElement; move(): void } {
  const button = (text: string, name: string, act: () => void): HTMLElement => {
    const made = element('button', { type: 'button', 'aria-label': name, title: name }, text);
    made.addEventListener('click', act);
    return made;
  };
  const from = element('input', { id: 'from', inputmode: 'decimal', type: 'text' });
  const to = element('input', { id: 'to', inputmode: 'decimal', type: 'text' });
  const typed = (): void => {
    const [first, last] = [Number(from.value) * 1_000, Number(to.value) * 1_000];
    if (last > first) range.set(first, last);
    else move();
  };
  from.addEventListener('change', typed);
  to.addEventListener('change', typed);
  const words = element('output', { class: 'range' });
  const move = (): void => {
    from.value = (range.from / 1_000).toFixed(range.ms < 1_000 ? 3 : 1);
    to.value = (range.to / 1_000).toFixed(range.ms < 1_000 ? 3 : 1);
    const span = `${clock(range.from, range.ms)} to ${clock(range.to, range.ms)}`;
    words.textContent = range.isAll ? 'The whole run' : span;
    words.title = `from ${moment(range.from, facts.time)} to ${moment(range.to, facts.time)}`;
  };
  move();
  const node = element(
    'div',
    { class: 'controls', role: 'toolbar', 'aria-label': 'Range of time that is shown' },
    words,
    element(
      'span',
      { class: 'buttons' },
      button('←', 'earlier', () => range.move(-0.25)),
      button('→', 'later', () => range.move(0.25)),
      button('+', 'zoom in', () => range.zoom(0.5)),
      button('−', 'zoom out', () => range.zoom(2)),
      button('All', 'show the whole run', () => range.all()),
    ),
    element(
      'span',
      { class: 'typed' },
      element('label', { for: 'from' }, 'from'),
      from,
      element('label', { for: 'to' }, 'to'),
      to,
      's',
    ),
  );
  return { node, move };
}
