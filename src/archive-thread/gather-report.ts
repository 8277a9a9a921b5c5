/** Gathers from an archive what a report shows. Everything is read once, and no more is held than is shown. */

import type { ArchiveReader } from '../archive/archive-reader.ts';
import type { AttemptRecord, PaceNotes, PageCounts } from '../archive/archive-types.ts';
import type { PageHistory } from '../archive/history.ts';
import { escapeText } from '../core/escape.ts';
import type { OutputShape } from '../core/output-shape.ts';
import { comparePlaces } from '../core/page-request.ts';
import { factsOf, isOnePage, type Pagination } from '../core/pagination.ts';
import { VERSION } from '../core/resolve-options.ts';
import type { Verdict } from '../core/summary.ts';
import { counted } from '../core/units.ts';
import { createPainter } from '../report/paint.ts';
import { REPORT_VERSION, type ReportData, type ReportFacts } from '../report/report-data.ts';
import { verdictLines } from '../report/verdict-text.ts';
import { paceWords } from '../report/wording.ts';
import { ReportAttempts, SHOWN_URL, seenAttempt } from './report-attempts.ts';
import { ReportLimits } from './report-limits.ts';
import { ReportPages } from './report-pages.ts';
import { reportSchema } from './report-schema.ts';
import { type Span, Timeline } from './report-timeline.ts';

/** What the caller knows. */
export interface ReportContext {
  /** What the archive is called, for people. */
  readonly name: string;
  readonly verdict: Verdict;
  /** What the output takes of a page. */
  readonly output: OutputShape;
  /** What is to be said before all else, a sentence each. */
  readonly notices: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The pauses that last, of a run that goes on; null, and the default, of one that does not. */
  readonly open?: PaceNotes['pauses'] | null;
}

/** What a report says of a run that goes on. A verdict reads every page info and key, so none is made before the end. */
export function unjudged({ stored, failed, beyondEnd }: PageCounts): Verdict {
  const open = { planned: null, pending: null, end: null, records: null };
  return { name: 'incomplete', stored, failed, beyondEnd, ...open, reasons: [], evidence: [] };
}

const SHOWN_REASON = 500;

export function gatherReport(archive: ArchiveReader, context: ReportContext): ReportData {
  const { verdict, output, name, now, open = null } = context;
  const attempts = new ReportAttempts(archive.countAttempts());
  const pages = new ReportPages();
  const limits = new ReportLimits(archive.countAttempts().ok);
  for (const { place, page, tries } of groups(archive)) {
    const seen = tries.map((it) => seenAttempt(it, page?.state === 'beyond-end'));
    attempts.add(page === null ? '' : escapeText(page.url, SHOWN_URL), seen);
    pages.add({ place, page, attempts: seen });
    const last = tries.at(-1);
    if (page !== null && last !== undefined) limits.add(page, last.startedAt + last.durationMs);
  }
  const notes = archive.paceNotes();
  const pauses = pauseSpans(notes, now, open ?? []);
  const time = new Timeline([...attempts.spans(), ...pauses]);
  const timeAt = (wallTime: number): number => time.at(wallTime);
  const limiters = limiterNames(notes, attempts.urls);
  const { specification, pagination } = archive.run;
  const [headline = '', ...evidence] = verdictLines(verdict, createPainter(false), null);
  const facts: ReportFacts = {
    version: REPORT_VERSION,
    madeBy: `everypage ${VERSION}`,
    madeAt: now,
    archive: escapeText(name, SHOWN_URL),
    sources: specification.sources.map((source) => escapeText(source, SHOWN_URL)),
    method: specification.method,
    verdict: { name: verdict.name, headline, evidence: evidenceOf(verdict, evidence) },
    notices: [...unfinishedNotice(archive), ...context.notices, ...drawnNotice(attempts)],
    totals: {
      records: verdict.records?.fetched ?? pages.records,
      stored: verdict.stored,
      failed: verdict.failed,
      pending: verdict.pending,
      beyondEnd: verdict.beyondEnd,
      attempts: attempts.count,
      bytes: attempts.bytes,
      activeMs: time.endMs,
      pausedMs: unionMs(pauses),
    },
    paging: pagination === null ? null : pagingWords(pagination),
    pace: paceOf(notes, limiters),
    time: time.facts,
    limiters: limiters.map((limiter) => escapeText(limiter, SHOWN_URL)),
    pauses: notes.pauses.map(({ limiter, startedAt, until, cause, reason }, index) => ({
      limiter: limiters.indexOf(limiter),
      from: timeAt(startedAt),
      to: timeAt(pauses[index]!.to),
      until: timeAt(until),
      cause,
      reason: escapeText(reason, SHOWN_REASON),
    })),
    changes: notes.changes.map(({ limiter, at, ...pace }) => ({
      ...pace,
      limiter: limiters.indexOf(limiter),
      at: timeAt(at),
    })),
    limits: limits.facts(timeAt, limiters),
    outcomes: attempts.outcomes,
    tally: attempts.tally,
    ...pages.facts(timeAt),
    // Types are found in bodies, which takes longer than all else; a run that goes on has no time for it.
    schema: open === null ? reportSchema(archive, output) : null,
    drawn: attempts.drawn,
  };
  return { facts, urls: attempts.urls, attempts: attempts.columns(timeAt) };
}

/** A list of URLs needs no evidence but what makes a page whole. */
function evidenceOf({ name, records }: Verdict, lines: readonly string[]): readonly string[] {
  if (lines.length > 0 || records !== null || name !== 'proven') {
    return lines.map((line) => line.trim());
  }
  return ['each page of the list came whole, was decompressed to its end, and is valid JSON'];
}

interface Group {
  readonly place: PageHistory['place'];
  readonly page: PageHistory | null;
  readonly tries: readonly AttemptRecord[];
}

/** Each page with its tries, in page order; tries of a page that has no end state stand alone. */
function* groups(archive: ArchiveReader): Generator<Group> {
  const pages = archive.pageHistory()[Symbol.iterator]();
  const attempts = archive.attempts()[Symbol.iterator]();
  let page = pages.next();
  let attempt = attempts.next();
  while (!page.done || !attempt.done) {
    const isPage =
      !page.done && (attempt.done || comparePlaces(page.value.place, attempt.value.place) <= 0);
    const place = isPage ? page.value!.place : attempt.value!.place;
    const tries: AttemptRecord[] = [];
    while (!attempt.done && comparePlaces(attempt.value.place, place) === 0) {
      tries.push(attempt.value);
      attempt = attempts.next();
    }
    yield { place, page: isPage ? page.value! : null, tries };
    if (isPage) page = pages.next();
  }
}

/** When each pause really ended; of one that a kill cut off, when the next thing is known to have happened. */
function pauseSpans(
  { pauses, changes }: PaceNotes,
  now: number,
  open: PaceNotes['pauses'],
): readonly Span[] {
  const lasting = new Set(
    open.map(({ limiter, startedAt }) => `${limiter} ${Math.round(startedAt)}`),
  );
  return pauses.map(({ limiter, startedAt, until, endedAt }) => {
    if (lasting.has(`${limiter} ${startedAt}`)) return { from: startedAt, to: now };
    if (endedAt !== null) return { from: startedAt, to: Math.max(startedAt, endedAt) };
    const isNext = (at: number): boolean => at > startedAt;
    const next = [
      pauses.find((it) => it.limiter === limiter && isNext(it.startedAt))?.startedAt ?? until,
      changes.find(({ at }) => isNext(at))?.at ?? until,
    ];
    return { from: startedAt, to: Math.max(startedAt, Math.min(until, ...next)) };
  });
}

/** Pauses of two limiters at once are one. */
function unionMs(spans: readonly Span[]): number {
  let sum = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    sum += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return sum;
}

/** The busiest first, by the pages of its origin. */
function limiterNames({ pauses, changes }: PaceNotes, urls: readonly string[]): readonly string[] {
  const names = [...new Set([...changes, ...pauses].map(({ limiter }) => limiter))];
  if (names.length < 2) return names;
  const counts = new Map(names.map((name) => [name, 0]));
  for (const url of urls) {
    const name = names.find((it) => url.startsWith(it.split(' ', 1)[0]!));
    if (name !== undefined) counts.set(name, counts.get(name)! + 1);
  }
  return names.sort((a, b) => counts.get(b)! - counts.get(a)!);
}

function paceOf({ pauses, changes }: PaceNotes, limiters: readonly string[]): string | null {
  const facts = limiters.flatMap((limiter) => {
    const own = changes.filter((it) => it.limiter === limiter);
    const last = own.at(-1);
    if (last === undefined) return [];
    const perSecond = last.by === 'headers' ? usualRate(own) : last.perSecond;
    return [{ ...last, perSecond, windowMs: null }];
  });
  const hasPaused = pauses.some(({ cause }) => cause === 'limit');
  return paceWords(facts, hasPaused)?.replace(/^pace/, 'Pace') ?? null;
}

/** What headers allow near the end of a window is no pace; half of the time it was this or less. */
function usualRate(changes: PaceNotes['changes']): number | null {
  const rates = changes.slice(0, -1).flatMap(({ by, perSecond, at }, index) => {
    const ms = changes[index + 1]!.at - at;
    return by === 'headers' && perSecond !== null ? [{ perSecond, ms }] : [];
  });
  rates.sort((a, b) => a.perSecond - b.perSecond);
  let left = rates.reduce((sum, { ms }) => sum + ms, 0) / 2;
  const usual = rates.find(({ ms }) => {
    left -= ms;
    return left <= 0;
  });
  return usual?.perSecond ?? changes.at(-1)?.perSecond ?? null;
}

function pagingWords(pagination: Pagination): string {
  const { name } = factsOf(pagination);
  const how = isOnePage(pagination) ? name : `paginated by ${name}`;
  const { records, key } = pagination;
  return [
    how,
    ...(records === null || records.startsWith('`')
      ? []
      : [`records at ${escapeText(records, 200)}`]),
    ...(key === null ? [] : [`their key is ${escapeText(key, 200)}`]),
  ].join(' · ');
}

/** The end of its plan was not reached. */
function unfinishedNotice({ run }: ArchiveReader): readonly string[] {
  if (run.verdict !== null || run.planCount !== null) return [];
  return ['This run has not ended: the report shows what was stored. The same command resumes it.'];
}

function drawnNotice({ drawn, count }: ReportAttempts): readonly string[] {
  const { okEvery, otherEvery } = drawn;
  if (okEvery === 1 && otherEvery === 1) return [];
  const others = otherEvery === 1 ? 'all others' : `one of ${otherEvery} others`;
  return [
    `${counted(count, 'attempt')} are too many to draw: one of ${okEvery} that brought a page and ${others} are in the plots. Totals and tables count all.`,
  ];
}
