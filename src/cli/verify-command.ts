import { EverypageError } from '../core/errors.ts';
import { verifyArchive } from '../index.ts';
import { asciiJson } from '../report/json-log.ts';
import { createScreen } from '../report/screen.ts';
import { verificationText } from '../report/verification-text.ts';
import type { CliContext } from './context.ts';
import { type ExitCode, exitCodeOfVerification } from './exit-code.ts';
import { onlyArchive } from './export-command.ts';
import type { TypedArguments } from './parse-arguments.ts';
import { watchSignals } from './signals.ts';
import { createStdoutSink } from './stdout-sink.ts';
import { describeTerminal, parseColorWhen } from './terminal.ts';

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
