import { escapeText } from '../core/escape.ts';
import { createPainter } from './paint.ts';
import type { Reporter, TerminalFacts } from './reporter.ts';
import type { Screen } from './screen.ts';

/** Warnings, each code once: the thousandth page that warns of the same thing adds nothing. */
export function createWarningLines(screen: Screen, facts: Pick<TerminalFacts, 'color'>): Reporter {
  const paint = createPainter(facts.color);
  const said = new Set<string>();
  return {
    sink(event) {
      if (event.type !== 'warning' || said.has(event.code)) return;
      said.add(event.code);
      screen.line(`${paint('yellow', 'everypage: warning:')} ${escapeText(event.message)}`);
    },
    close() {},
  };
}
