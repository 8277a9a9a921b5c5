import { existsSync } from 'node:fs';
import { headOfArchive, headOfUrl } from '../api/head.ts';
import { escapeText } from '../core/escape.ts';
import { sourceOf } from '../plan/written-url.ts';
import { createPainter } from '../report/paint.ts';
import { stopText } from '../report/stop-text.ts';
import { tableText } from '../report/table-text.ts';
import { failureLines, verdictLines } from '../report/verdict-text.ts';
import { type CliContext, describeTerminal, writeOut } from './context.ts';
import { type ExitCode, exitCodeOfSummary } from './exit-code.ts';
import { optionsOfTable, readRunOptions } from './run-options.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';

/** `everypage head ARCHIVE|URL`: the first records, as a table on a terminal, else as NDJSON. */
export async function headCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const [what, second] = typed.positionals;
  if (what === undefined || second !== undefined) {
    throw new UsageError('everypage head takes one archive or one URL', [
      'head',
      what ?? 'items.ndjson.everypage',
    ]);
  }
  const count = typed.value('rows');
  const { records, unfinished } = isUrl(what)
    ? await headOfUrl(
        sourceOf(what, typed.has('globoff')),
        count,
        await readRunOptions(typed, context),
        context.network,
      )
    : {
        records: await headOfArchive(archiveNamed(what), count, optionsOfTable(typed)),
        unfinished: null,
      };
  const { isTerminal, color, columns } = describeTerminal(
    context.stdout,
    context.env,
    typed.value('color'),
  );
  const lines =
    isTerminal && !typed.has('json')
      ? tableText(records, columns(), createPainter(color))
      : records.map((record) => Buffer.from(record).toString());
  if (records.length > 0) await writeOut(context, `${lines.join('\n')}\n`);
  else if (unfinished === null) context.stderr.write('There are no records.\n');
  if (unfinished === null) return 0;
  const { verdict, stop, failures } = unfinished;
  const facts = describeTerminal(context.stderr, context.env, typed.value('color'));
  const paint = createPainter(facts.color);
  const said = [
    ...verdictLines(verdict, paint, null),
    ...(stop === null ? [] : [escapeText(stopText(stop, context.clock.wallTime()))]),
    ...failureLines(failures, verdict.failed, paint),
  ];
  context.stderr.write(`${said.join('\n')}\n`);
  return exitCodeOfSummary(unfinished, { allowIncomplete: false, strict: null });
}

function isUrl(what: string): boolean {
  return (
    /^[a-z][a-z\d+.-]*:\/\//i.test(what) ||
    !(/\.everypage(\.part)?$/.test(what) || existsSync(what))
  );
}

function archiveNamed(path: string): string {
  const beside = `${path}.everypage`;
  if (/\.everypage(\.part)?$/.test(path) || !existsSync(beside)) return path;
  throw new UsageError(`${path} is an output; its archive is ${beside}`, ['head', beside]);
}
