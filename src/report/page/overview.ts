/** What comes first: the verdict with its evidence, and the figures of the run. */
import { counted, formatBytes, formatCount, formatDuration } from '../../core/units.ts';
import type { ReportFacts, VerdictFacts } from '../report-data.ts';
import { element } from './dom.ts';
import { setTheme, type Theme, themeNow } from './palette.ts';
import { moment, share } from './words.ts';

/** Colour alone would tell the colour-blind nothing. */
const marks: Readonly<Record<VerdictFacts['name'], readonly [mark: string, look: string]>> = {
  proven: ['✓', 'good'],
  complete: ['✓', 'good'],
  unverified: ['?', 'doubt'],
  incomplete: ['✕', 'bad'],
  drifted: ['✕', 'bad'],
  capped: ['✕', 'bad'],
};

const MOST_SOURCES = 5;

/** @param isLive of a run that goes on: nothing is judged yet */
export function overview(facts: ReportFacts, redraw: () => void, isLive: boolean): HTMLElement {
  return element(
    'header',
    {},
    element(
      'div',
      { class: 'top' },
      element(
        'p',
        { class: 'brand' },
        facts.madeBy.split(' ')[0]!,
        element('span', {}, isLive ? 'live' : 'report'),
      ),
      themeChoice(redraw),
    ),
    heading(facts),
    ...facts.notices.map((text) => element('p', { class: 'notice', role: 'note' }, text)),
    isLive ? null : verdict(facts.verdict),
    figures(facts),
    ways(facts),
  );
}

function heading({ sources, method, time, archive }: ReportFacts): HTMLElement {
  const [first = archive, ...others] = sources;
  const more = sources.length - MOST_SOURCES;
  return element(
    'div',
    { class: 'heading' },
    element('h1', {}, method === 'GET' ? '' : `${method} `, first),
    ...others.slice(0, MOST_SOURCES - 1).map((source) => element('p', { class: 'source' }, source)),
    more > 0 ? element('p', { class: 'source' }, `and ${counted(more, 'more source')}`) : null,
    element('p', { class: 'muted' }, `${moment(0, time)} · ${archive}`),
  );
}

function verdict({ name, headline, evidence }: VerdictFacts): HTMLElement {
  const [mark, look] = marks[name];
  return element(
    'section',
    { class: `verdict ${look}`, 'aria-label': 'Verdict' },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, mark),
    element(
      'div',
      {},
      element('p', { class: 'name' }, name),
      element('p', { class: 'headline' }, headline),
      evidence.length === 0
        ? null
        : element('ul', {}, ...evidence.map((text) => element('li', {}, text))),
    ),
  );
}

function figures({ totals, tally }: ReportFacts): HTMLElement {
  const { records, stored, failed, pending, attempts, bytes, activeMs, pausedMs } = totals;
  const refused = tally.reduce((sum, row) => sum + (row.kind === 'refused' ? row.attempts : 0), 0);
  const missing = [
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    ...(pending !== null && pending > 0 ? [`${formatCount(pending)} not fetched`] : []),
  ].join(', ');
  const seconds = activeMs / 1_000;
  const perSecond = seconds > 0 ? `${formatCount(stored / seconds)} a second` : '';
  const figure = (name: string, value: string, note: string): HTMLElement =>
    element(
      'div',
      { class: 'figure' },
      element('dt', {}, name),
      element('dd', {}, value),
      note === '' ? null : element('dd', { class: 'note' }, note),
    );
  return element(
    'dl',
    { class: 'figures' },
    ...(records === null ? [] : [figure('Records', formatCount(records), '')]),
    figure('Pages', formatCount(stored), missing || (stored > 99 ? perSecond : '')),
    figure(
      'Received',
      formatBytes(bytes),
      seconds > 0 ? `${formatBytes(bytes / seconds)} a second` : '',
    ),
    figure(
      'Time',
      formatDuration(activeMs),
      pausedMs > 0 ? `${formatDuration(pausedMs)} paused` : '',
    ),
    figure(
      'Requests',
      formatCount(attempts),
      refused > 0 ? `${share(refused, attempts)} told to wait` : '',
    ),
  );
}

function ways({ pace, paging }: ReportFacts): HTMLElement {
  const lines = [pace, paging === null ? null : `List: ${paging}`].filter((line) => line !== null);
  return element('p', { class: 'ways' }, ...lines.map((line) => element('span', {}, `${line}. `)));
}

function themeChoice(redraw: () => void): HTMLElement {
  const themes: readonly Theme[] = ['auto', 'light', 'dark'];
  const buttons = themes.map((theme) => {
    const made = element(
      'button',
      { type: 'button', 'aria-pressed': String(theme === themeNow()) },
      theme,
    );
    made.addEventListener('click', () => {
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === made));
      setTheme(theme);
      redraw();
    });
    return made;
  });
  return element('div', { class: 'themes', role: 'group', 'aria-label': 'Colours' }, ...buttons);
}
