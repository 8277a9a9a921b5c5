import { EverypageError } from '../core/errors.ts';
import { counted } from '../core/units.ts';
import { startFaultServer } from '../demo/fault-server.ts';
import { combineFaults, faults, type NamedFault } from '../demo/faults.ts';
import type { CliContext } from './context.ts';
import { onStage } from './demo-stage.ts';
import type { ExitCode } from './exit-code.ts';
import { nearest, type TypedArguments } from './parse-arguments.ts';

const demoPages = 100;
/** Patient enough for a busy machine; silence and drips shall not bore. */
const impatience = ['--idle-timeout', '3s', '--retry', '3', '--select', 'data.items'];

/** `everypage demo --faults NAME`: a local server that fails in one way or several, and what comes of it. */
export async function demoFaults(
  names: string,
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  if (names === 'list') {
    const width = Math.max(...faults.map((fault) => fault.name.length));
    const lines = faults.map((fault) => `${fault.name.padEnd(width)}  ${fault.about}`);
    context.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  }
  const chosen = names.split(',').map(faultNamed);
  const flags = [...(typed.has('http1.1') ? ['--http1.1'] : []), ...impatience];
  const server = await startFaultServer({ ...combineFaults(chosen), pages: demoPages });
  return onStage(server, typed, context, async ({ paint, say, fetch }) => {
    say(paint('bold', `A local API of ${demoPages} pages with faults:`));
    for (const { about } of chosen) {
      say(`  · ${about}`);
      if (typed.has('http1.1') && isOfHttp2(about)) say(`    ${notInHttp1}`);
    }
    say('');
    const shown = [`'${server.url}'`, '--cacert ca.pem', ...flags, '-o items.ndjson'];
    say(paint('dim', `$ everypage ${shown.join(' ')}`));
    say('');
    const exitCode = await fetch([server.url, ...flags]);
    const { requests, faults: played, connections } = server.counts();
    say('');
    const seen = `${counted(requests, 'request')} on ${counted(connections, 'connection')}`;
    say(paint('dim', `The server counted ${seen} and answered ${played} with a fault.`));
    if (exitCode !== 0) say(paint('dim', 'It is gone now, and what was fetched with it.'));
    return exitCode;
  });
}

const notInHttp1 =
  'HTTP/2 alone has it: over HTTP/1.1 the connection is closed instead, or nothing happens';

function isOfHttp2(about: string): boolean {
  return /^(?:HTTP\/2|GOAWAY)\b/.test(about);
}

function faultNamed(name: string): NamedFault {
  const found = faults.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    faults.map((fault) => fault.name),
  );
  throw new EverypageError(
    'USAGE',
    `there is no fault ${JSON.stringify(name)}; ${near === null ? '' : `did you mean ${near}? `}everypage demo --faults list names them`,
  );
}
