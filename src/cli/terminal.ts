/** The one place that asks about terminals and colour. */
import { EverypageError } from '../core/errors.ts';
import type { TerminalFacts } from '../report/reporter.ts';

/** What is used of `process.stderr` and `process.stdout`. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type ColorWhen = 'auto' | 'always' | 'never';

export function parseColorWhen(value: string | null, place: string): ColorWhen {
  if (value === null) return 'auto';
  if (value === 'auto' || value === 'always' || value === 'never') return value;
  throw new EverypageError('USAGE', `${place} is auto, always or never, not ${value}`);
}

export function describeTerminal(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
  when: ColorWhen,
): TerminalFacts {
  const isTTY = stream.isTTY === true;
  // A dumb terminal (an editor's shell, a build log) shows cursor movements as text.
  const isTerminal = isTTY && env['TERM'] !== 'dumb';
  // https://no-color.org: any value that is not empty.
  const auto = isTerminal && !env['NO_COLOR'];
  return {
    isTerminal,
    color: when === 'always' || (when === 'auto' && auto),
    columns: () => stream.columns || 80,
  };
}
