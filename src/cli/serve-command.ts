/** `everypage serve ARCHIVE`: the API as it was, on this machine. */
import { writeFile } from 'node:fs/promises';
import { serveArchive } from '../api/serve-archive.ts';
import { usageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { reasonOfFile } from '../core/files.ts';
import { counted, formatBytes } from '../core/units.ts';
import { createTestCertificates } from '../demo/certificate.ts';
import { type CliContext, openScreen, untilStopped, watchSignals, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { onlyArchive } from './only-archive.ts';
import type { TypedArguments } from './typed-arguments.ts';

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];

export async function serveCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const path = onlyArchive(typed);
  const screen = openScreen(typed, context);
  const say = (line: string): void => {
    if (!typed.has('quiet')) screen.line(line);
  };
  const listen = typed.value('listen');
  const authorityFile = typed.value('tls');
  const certificates =
    authorityFile === null
      ? null
      : createTestCertificates({
          names: [...LOCAL_NAMES, ...(listen === null ? [] : [listen.host])],
        });
  if (certificates !== null) await writeAuthority(authorityFile!, certificates.ca);

  const served = await serveArchive(path, {
    ...listen,
    ...(certificates === null ? {} : { certificate: certificates }),
    realtime: typed.has('realtime'),
    asStored: typed.has('as-stored'),
    onReply({ method, target }, { status, body, what }) {
      const answer = status === null ? 'cut' : `${status} ${formatBytes(body.length)}`;
      say(escapeText(`${method} ${target} → ${answer}, ${what}`));
    },
  });
  const signals = watchSignals(context.signals);
  try {
    const [origin = 'nothing', ...more] = served.recorded;
    const others = more.length === 0 ? '' : ` and ${counted(more.length, 'other origin')}`;
    say(`${counted(served.pages, 'page')} of ${escapeText(origin)}${others}. Ctrl-C ends it.`);
    // Alone on standard output, for scripts that wait for it.
    await writeOut(context, `${served.url ?? served.origin}\n`);
    await untilStopped(signals);
    return 0;
  } finally {
    await served.close();
    signals.close();
  }
}

async function writeAuthority(path: string, pem: string): Promise<void> {
  try {
    await writeFile(path, pem);
  } catch (error) {
    throw usageError(`${path} cannot be written: ${reasonOfFile(error) ?? String(error)}`);
  }
}
