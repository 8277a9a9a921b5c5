/** The commands that read an archive again, without the network: `everypage export`, `everypage verify`. */
import { exportBeside } from '../api/export-archive.ts';
import { escapeText } from '../core/escape.ts';
import { counted, formatBytes, formatCount } from '../core/units.ts';
import { type Verification, verifyArchive } from '../index.ts';
import { asciiJson } from '../report/json-log.ts';
import { createPainter } from '../report/paint.ts';
import { createScreen } from '../report/reporter.ts';
import { failureLines, verdictLines } from '../report/verdict-text.ts';
import { reservation, writtenText } from '../report/wording.ts';
import {
  type CliContext,
  createStdoutSink,
  describeTerminal,
  watchSignals,
  writeOut,
} from './context.ts';
import { type ExitCode, exitCodeOfVerdict, exitCodeOfVerification } from './exit-code.ts';
import { onlyArchive } from './only-archive.ts';
import { type TypedArguments, UsageError, wordsOf } from './parse-arguments.ts';
import { optionsOfTable } from './run-options.ts';

const shownProblems = 10;

/** `everypage export ARCHIVE`: writes its records again. */
export async function exportCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const archivePath = onlyArchive(typed);
  const shape = optionsOfTable(typed);
  const isJson = typed.has('json');
  if (isJson && shape.output === undefined) {
    throw new UsageError(
      '--json and the records would both go to standard output; give the records a file with -o',
      [...wordsOf(typed), '-o', 'items.ndjson'],
    );
  }
  const facts = describeTerminal(context.stderr, context.env, typed.value('color'));
  const stdout = shape.output === undefined ? createStdoutSink(context.stdout) : null;
  const result = await exportBeside(
    archivePath,
    { ...shape, ...(stdout === null ? {} : { stdout }) },
    { alsoWritten: stdout === null ? [] : [['standard output', '/dev/stdout']] },
  );
  await stdout?.flush();
  const { outputs, verdict } = result;
  const exitCode = exitCodeOfVerdict(verdict, {
    allowIncomplete: shape.allowIncomplete === true,
    strict: null,
  });
  if (isJson) await writeOut(context, `${asciiJson({ ...result, exitCode }, 2)}\n`);
  const screen = createScreen(context.stderr, facts);
  for (const output of outputs) {
    const { destination, bytes, notes } = output;
    const name = escapeText(destination);
    for (const note of notes) screen.line(`everypage: ${name}: ${escapeText(note)}`);
    if (isJson || typed.has('quiet')) continue;
    screen.line(
      `${writtenText(output, verdict)} → ${name} (${formatBytes(bytes)})${reservation(verdict)}`,
    );
  }
  return exitCode;
}

/** `everypage verify ARCHIVE`: computes the verdict again from the stored bytes. */
export async function verifyCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const archivePath = onlyArchive(typed);
  const expect = typed.value('expect');
  const facts = describeTerminal(context.stderr, context.env, typed.value('color'));
  const signals = watchSignals(
    context.signals,
    () => {},
    () => {},
  );
  try {
    const verification = await verifyArchive(archivePath, {
      signal: signals.signal,
      ...(expect === null ? {} : { expect }),
    });
    const { verdict, problems } = verification;
    const exitCode = exitCodeOfVerification(verdict, problems.length, typed.value('strict'));
    if (typed.has('json')) {
      await writeOut(context, `${asciiJson({ ...verification, exitCode }, 2)}\n`);
    } else if (!(typed.has('quiet') && exitCode === 0)) {
      createScreen(context.stderr, facts).line(verificationText(verification, facts.color));
    }
    return exitCode;
  } finally {
    signals.close();
  }
}

/** What `everypage verify` prints, without a newline at its end. */
export function verificationText(facts: Verification, color: boolean): string {
  const paint = createPainter(color);
  const { verdict, problems, failures } = facts;
  const damaged = counted(problems.length, 'stored page is', 'stored pages are');
  const head =
    problems.length === 0
      ? verdictLines(verdict, paint, null)
      : [paint('red', `${damaged} not what was received.`)];
  const shown = problems
    .slice(0, shownProblems)
    .map(({ url, problem }) => `  ${escapeText(url)}  ${escapeText(problem)}`);
  const more = problems.length - shown.length;
  const read = `${counted(facts.checkedPages, 'page')} checked, ${formatBytes(facts.checkedBytes)}`;
  return [
    ...head,
    ...shown,
    ...(more > 0 ? [`  and ${formatCount(more)} more`] : []),
    ...failureLines(failures, verdict.failed, paint),
    paint(
      'dim',
      `${escapeText(facts.archivePath)}: ${read}, each decoded, parsed and compared with its hash`,
    ),
  ].join('\n');
}
