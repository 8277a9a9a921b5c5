import { existsSync } from 'node:fs';
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { counted, formatBytes } from '../core/units.ts';
import { exportArchive, verifyArchive } from '../index.ts';
import { asciiJson } from '../report/json-log.ts';
import { createScreen } from '../report/reporter.ts';
import { verificationText } from '../report/verdict-text.ts';
import { reservation } from '../report/wording.ts';
import {
  type CliContext,
  createStdoutSink,
  describeTerminal,
  parseColorWhen,
  watchSignals,
} from './context.ts';
import { type ExitCode, exitCodeOfVerdict, exitCodeOfVerification } from './exit-code.ts';
import type { TypedArguments } from './parse-arguments.ts';
import { readShape } from './run-options.ts';

/** `everypage export ARCHIVE`: shapes an archive again, without the network. */
export async function exportCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const archivePath = onlyArchive(typed);
  const shape = readShape(typed);
  const when = parseColorWhen(typed.value('color'), typed.placeOf('color'));
  const screen = createScreen(context.stderr, describeTerminal(context.stderr, context.env, when));
  const stdout = shape.output === undefined ? createStdoutSink(context.stdout) : null;
  const result = await exportArchive(archivePath, {
    ...shape,
    ...(stdout === null ? {} : { stdout }),
  });
  await stdout?.flush();
  if (!typed.has('quiet')) {
    const { destination, records, bytes, verdict } = result;
    screen.line(
      `${counted(records, 'record')} → ${escapeText(destination)} (${formatBytes(bytes)})${reservation(verdict)}`,
    );
  }
  return exitCodeOfVerdict(result.verdict, {
    allowIncomplete: shape.allowIncomplete === true,
    strict: false,
  });
}

/** The one argument of `export` and `verify`. */
export function onlyArchive(typed: TypedArguments): string {
  const [path, second] = typed.positionals;
  if (path === undefined) {
    throw new EverypageError(
      'USAGE',
      `everypage ${typed.verb} needs an archive, as in everypage ${typed.verb} items.ndjson.everypage`,
    );
  }
  if (second !== undefined) {
    throw new EverypageError(
      'USAGE',
      `everypage ${typed.verb} takes one archive; ${second} is one too many`,
    );
  }
  if (!/\.everypage(?:\.part)?$/.test(path) && existsSync(`${path}.everypage`)) {
    throw new EverypageError('USAGE', `${path} is an output; its archive is ${path}.everypage`);
  }
  return path;
}

/** `everypage verify ARCHIVE`: the verdict again, from the stored bytes. */
export async function verifyCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const archivePath = onlyArchive(typed);
  const expect = readExpect(typed);
  const when = parseColorWhen(typed.value('color'), typed.placeOf('color'));
  const facts = describeTerminal(context.stderr, context.env, when);
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
    const exitCode = exitCodeOfVerification(verdict, problems.length, typed.has('strict'));
    if (typed.has('json')) {
      const stdout = createStdoutSink(context.stdout);
      await stdout.write(Buffer.from(`${asciiJson({ ...verification, exitCode }, 2)}\n`));
      await stdout.flush();
    } else if (!(typed.has('quiet') && exitCode === 0)) {
      createScreen(context.stderr, facts).line(verificationText(verification, facts.color));
    }
    return exitCode;
  } finally {
    signals.close();
  }
}

function readExpect(typed: TypedArguments): number | null {
  const text = typed.value('expect');
  if (text === null) return null;
  const expect = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(expect)) return expect;
  const shown = JSON.stringify(text.slice(0, 40));
  throw new EverypageError(
    'USAGE',
    `${typed.placeOf('expect')}: ${shown} is not a whole number from 0 on`,
  );
}
