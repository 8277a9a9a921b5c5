import { exitCodeMeanings } from '../../src/cli/exit-code.ts';
import { listed } from '../../src/cli/flag-values.ts';
import { type Verb, verbs } from '../../src/cli/flags/verbs.ts';
import { type Flag, flags } from '../../src/cli/flags.ts';
import { flagLabel, flagText, groupedFlags, unitsHelp, verbHelp } from '../../src/cli/help.ts';
import { VERSION } from '../../src/core/resolve-options.ts';
import { wrapText } from '../../src/report/text-width.ts';

/** mandoc warns of lines of more than 80 bytes. */
const columns = 78;

/** When this version was released, as in CHANGELOG.md; before that, when its page was begun. */
export const releaseDate = '2026-11-30';

/** The text of man/everypage.1, in the macros of man(7). */
export function manPage(): string {
  const lines = [
    '.\\" Generated from src/cli/flags.ts by `npm run docs`. Change the table there, not this page.',
    `.TH EVERYPAGE 1 "${releaseDate}" "everypage ${VERSION}" "User Commands"`,
    '.SH NAME',
    `everypage ${roff('-')} fetch every page of a JSON API, and prove that none is missing`,
    '.SH SYNOPSIS',
    ...verbs.flatMap((verb) => ['.nf', roff(verbHelp[verb].usage), '.fi']),
    '.SH DESCRIPTION',
    ...paragraph(verbHelp.fetch.does),
    '.PP',
    ...paragraph('Data goes to standard output, everything else to standard error.'),
    '.SH VERBS',
    ...verbs
      .filter((verb) => verb !== 'fetch')
      .flatMap((verb) => tagged(verb, verbHelp[verb].does)),
    '.SH OPTIONS',
    ...groupedFlags(flags).flatMap(({ group, members }) => [
      `.SS ${quoted(group)}`,
      ...members.flatMap((flag) => tagged(flagLabel(flag), flagText(flag), takenBy(flag))),
    ]),
    '.SS "Units"',
    ...unitsHelp.flatMap(paragraph),
    '.SH EXIT STATUS',
    ...exitCodeMeanings.flatMap(([code, meaning]) => tagged(code, `${meaning}.`)),
    '.SH ENVIRONMENT',
    ...flags.flatMap(({ name, env }) =>
      env === null ? [] : tagged(env, `The value of --${name} where that is not given.`),
    ),
    '.SH EXAMPLES',
    ...verbs.flatMap((verb) => [
      `.SS "everypage${verb === 'fetch' ? '' : ` ${verb}`}"`,
      ...verbHelp[verb].examples.flatMap(example),
    ]),
    '.SH SEE ALSO',
    '.BR curl (1),',
    '.BR jq (1)',
  ];
  return `${lines.join('\n')}\n`;
}

function tagged(tag: string, ...sentences: readonly string[]): readonly string[] {
  return ['.TP', `.B ${quoted(tag)}`, ...sentences.flatMap(paragraph)];
}

function takenBy(flag: Flag): string {
  if (flag.verbs.length === verbs.length) return 'Taken everywhere.';
  const names = flag.verbs.map((verb: Verb) => (verb === 'fetch' ? 'URL' : verb));
  return `With everypage ${listed(names, 'or')}.`;
}

function example([question, command]: readonly [string, string]): readonly string[] {
  const asked = `${question.slice(0, 1).toUpperCase()}${question.slice(1)}`;
  return ['.TP', roff(asked), '.EX', roff(command), '.EE'];
}

/** Each sentence begins a line, as roff wants it. */
function paragraph(text: string): readonly string[] {
  return text
    .split(/(?<=[.?!]) (?=[A-Z`'])/)
    .flatMap((sentence) => wrapText(roff(sentence), columns).split('\n'))
    .map(guarded);
}

/** Characters that roff would take for its own, or show as others (groff_char(7)). */
const special: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** What is in backticks becomes bold. */
function roff(text: string): string {
  const escaped = text.replace(/[\\\-'^~]|[^\p{ASCII}]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    return special[character] ?? `\\[u${code}]`;
  });
  return escaped.replace(/`([^`]+)`/g, '\\fB$1\\fR');
}

/** A full stop at the beginning of a line would make it a request. */
function guarded(line: string): string {
  return line.startsWith('.') ? `\\&${line}` : line;
}

/** One argument of a macro. */
function quoted(text: string): string {
  return `"${roff(text).replaceAll('"', '\\(dq')}"`;
}
