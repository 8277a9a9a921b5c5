import { EverypageError } from '../core/errors.ts';
import type { PlanSource } from './plan.ts';

/**
 * What a URL argument of the command line stands for: `-` and `@-` are standard input, `@urls.txt`
 * is a list, and anything else is a URL, with ranges and sets unless `literal` (`-g`).
 *
 * Throws `EverypageError` `USAGE` for `@` without a path and for an empty argument.
 */
export function sourceOf(argument: string, literal: boolean): PlanSource {
  if (argument === '-' || argument === '@-') return { kind: 'stdin' };
  if (argument === '') {
    throw new EverypageError('USAGE', 'a URL argument is empty; is a shell variable unset?');
  }
  if (argument === '@') {
    throw new EverypageError('USAGE', '@ needs the path of a list after it, as in @urls.txt');
  }
  if (argument.startsWith('@')) return { kind: 'file', path: argument.slice(1) };
  return { kind: literal ? 'literal' : 'template', text: argument };
}
