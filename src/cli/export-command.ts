import { existsSync } from 'node:fs';
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { formatBytes } from '../core/units.ts';
import { exportArchive } from '../index.ts';
import { createScreen } from '../report/screen.ts';
import { counted, reservation } from '../report/wording.ts';
import type { CliContext } from './context.ts';
import { type ExitCode, exitCodeOfVerdict } from './exit-code.ts';
import type { TypedArguments } from './parse-arguments.ts';
import { readShape } from './run-options.ts';
import { createStdoutSink } from './stdout-sink.ts';
import { describeTerminal, parseColorWhen } from './terminal.ts';

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
