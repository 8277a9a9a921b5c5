import { escapeText } from '../core/escape.ts';
import type { RunEvent } from '../core/events.ts';
import { formatBytes, formatDuration } from '../core/units.ts';
import { createPainter, type Painter, statusPaint } from './paint.ts';
import type { Reporter, Screen, TerminalFacts } from './reporter.ts';
import { reasonBeside } from './wording.ts';

/** `-v`: one line a page, and what servers say of limits. `-vv`: also each retry, pause and resume. */
export function createPageLines(
  screen: Screen,
  facts: Pick<TerminalFacts, 'color'>,
  verbosity: number,
): Reporter {
  const paint = createPainter(facts.color);
  return {
    sink(event) {
      if (event.type !== 'page' && event.type !== 'limit' && verbosity < 2) return;
      const line = pageLine(event, paint);
      if (line !== null) screen.line(line);
    },
    close() {},
  };
}

function pageLine(event: RunEvent, paint: Painter): string | null {
  switch (event.type) {
    case 'page': {
      const { status, state, attempts } = event;
      // A 200 that did not hold JSON is no success, whatever its status says.
      const color = state === 'failed' ? 'red' : statusPaint(status);
      const columns = [
        paint(color, statusText(status)),
        formatDuration(event.durationMs).padStart(8),
        formatBytes(event.bodyBytes).padStart(9),
        escapeText(event.url),
      ];
      if (state !== 'stored')
        columns.push(paint(color, escapeText(reasonBeside(status, event.reason ?? state))));
      if (attempts > 1) columns.push(paint('dim', `(${attempts} attempts)`));
      return columns.join('  ');
    }
    case 'retry':
    case 'not-ready': {
      const why = event.type === 'retry' ? `attempt ${event.attempt}` : 'waiting for the server';
      return [
        paint('yellow', statusText(event.status)),
        paint('yellow', `${why}, again in ${formatDuration(event.delayMs)}:`),
        escapeText(reasonBeside(event.status, event.reason)),
        escapeText(event.url),
      ].join('  ');
    }
    case 'pause':
    case 'pause-extended': {
      if (event.durationMs === null) {
        return paint('yellow', `${escapeText(event.limiter)}: ${escapeText(event.reason)}`);
      }
      const duration = formatDuration(event.durationMs);
      const what =
        event.cause === 'limit'
          ? `pause of ${duration} for`
          : `waiting for the server, again in ${duration}:`;
      return paint('yellow', `${what} ${escapeText(event.limiter)}: ${escapeText(event.reason)}`);
    }
    case 'limit':
      return paint('dim', `${escapeText(event.limiter)}: ${escapeText(event.said)}`);
    case 'resume':
      return event.ended ? null : paint('dim', `${escapeText(event.limiter)} resumes`);
    default:
      return null;
  }
}

function statusText(status: number | null): string {
  return status === null ? '---' : String(status);
}

/** Prints each warning once. Two outputs or origins may have different warnings of the same kind. */
export function createWarningLines(screen: Screen, facts: Pick<TerminalFacts, 'color'>): Reporter {
  const paint = createPainter(facts.color);
  const said = new Set<string>();
  return {
    sink(event) {
      if (event.type !== 'warning' || said.has(event.message)) return;
      said.add(event.message);
      screen.line(`${paint('yellow', 'everypage: warning:')} ${escapeText(event.message)}`);
    },
    close() {},
  };
}
