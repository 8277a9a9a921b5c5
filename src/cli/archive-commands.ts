/** The commands that read an archive again, without the network: `everypage export`, `everypage verify`. */
import { exportBeside } from '../api/export-archive.ts';
import { escapeText } from '../core/escape.ts';
import { formatBytes } from '../core/units.ts';
import { verifyArchive } from '../index.ts';
import { asciiJson } from '../report/json-log.ts';
import { createScreen } from '../report/reporter.ts';
import { reservation, writtenText } from '../report/wording.ts';
import {
  type CliContext,
  createStdoutSink,
  describeTerminal,
  openScreen,
  watchSignals,
  writeOut,
} from './context.ts';
import {
  type ExitCode,
  exitCodeOfSignal,
  exitCodeOfVerdict,
  exitCodeOfVerification,
} from './exit-code.ts';
import { onlyArchive } from './only-archive.ts';
import { optionsOfTable } from './run-options.ts';
import { type TypedArguments, UsageError, wordsOf } from './typed-arguments.ts';
import { type Checked, verificationText } from './verification-text.ts';

/** `everypage export ARCHIVE`: writes its records again. */
export async function exportCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  return unlessStopped(context, (signal) => exportUntil(signal, typed, context));
}

async function exportUntil(
  signal: AbortSignal,
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const archivePath = onlyArchive(typed);
  const shape = optionsOfTable(typed);
  const key = typed.value('key');
  const isJson = typed.has('json');
  if (isJson && shape.output === undefined) {
    throw new UsageError(
      '--json and the records would both go to standard output; give the records a file with -o',
      [...wordsOf(typed), '-o', 'items.ndjson'],
    );
  }
  const stdout =
    shape.output === undefined ? createStdoutSink(context.stdout, shape.format ?? null) : null;
  const result = await exportBeside(
    archivePath,
    { ...shape, signal, ...(key === null ? {} : { key }), ...(stdout === null ? {} : { stdout }) },
    { alsoWritten: stdout === null ? [] : [['standard output', '/dev/stdout']], ownsThread: true },
  );
  await stdout?.flush();
  const { outputs, verdict } = result;
  const exitCode = exitCodeOfVerdict(verdict, {
    allowIncomplete: shape.allowIncomplete === true,
    strict: null,
  });
  if (isJson) await writeOut(context, `${asciiJson({ ...result, exitCode }, 2)}\n`);
  const screen = openScreen(typed, context);
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

/** `everypage verify ARCHIVE`, or `--manifest FILE`: checks again what is stored, or what was written. */
export async function verifyCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  return unlessStopped(context, async (signal) => {
    const check =
      typed.value('manifest') === null
        ? checkArchive
        : (await import('./manifest-check.ts')).checkByManifest;
    const { result, exitCode, text } = await check(typed, signal, context);
    if (typed.has('json')) await writeOut(context, `${asciiJson({ ...result, exitCode }, 2)}\n`);
    else if (!(typed.has('quiet') && exitCode === 0)) {
      const facts = describeTerminal(context.stderr, context.env, typed.value('color'));
      createScreen(context.stderr, facts).line(text(facts.color));
    }
    return exitCode;
  });
}

/** Computes the verdict again from the stored bytes. */
async function checkArchive(
  typed: TypedArguments,
  signal: AbortSignal,
  { store }: CliContext,
): Promise<Checked> {
  const archivePath = onlyArchive(typed);
  const expect = typed.value('expect');
  const options = { signal, ...(expect === null ? {} : { expect }) };
  const verified = await verifyArchive(archivePath, options);
  const result = { ...verified, archivePath: store ?? archivePath };
  const { verdict, problems } = result;
  return {
    result,
    exitCode: exitCodeOfVerification(verdict, problems.length, typed.value('strict')),
    text: (color) => verificationText(result, color),
  };
}

/** Ctrl-C and the like end it where it can: what was being written is removed, and what was there stays. */
async function unlessStopped(
  context: CliContext,
  work: (signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const signals = watchSignals(context.signals);
  try {
    return await work(signals.signal);
  } catch (error) {
    const received = signals.received();
    if (received === null || error !== signals.signal.reason) throw error;
    context.stderr.write(`everypage: stopped by ${received}; no file was changed\n`);
    return exitCodeOfSignal(received);
  } finally {
    signals.close();
  }
}
