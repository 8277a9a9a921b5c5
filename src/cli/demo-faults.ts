import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EverypageError } from '../core/errors.ts';
import { startFaultServer } from '../demo/fault-server.ts';
import { combineFaults, faults, type NamedFault } from '../demo/faults.ts';
import { createPainter } from '../report/paint.ts';
import type { CliContext } from './context.ts';
import { messageFlags } from './demo-output.ts';
import type { ExitCode } from './exit-code.ts';
import { fetchCommand } from './fetch-command.ts';
import { nearest } from './nearest.ts';
import { parseArguments, type TypedArguments } from './parse-arguments.ts';
import { describeTerminal, parseColorWhen } from './terminal.ts';

const demoPages = 100;
/** Patient enough for a busy machine; silence and drips shall not bore. */
const impatience = ['--idle-timeout', '3s', '--retry', '3'];

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
  const when = parseColorWhen(typed.value('color'), typed.placeOf('color'));
  const facts = describeTerminal(context.stderr, context.env, when);
  const paint = createPainter(facts.color);
  const say = (line: string) => context.stderr.write(`${line}\n`);
  const isHttp1 = typed.has('http1.1');

  const server = await startFaultServer({ ...combineFaults(chosen), pages: demoPages });
  const folder = await mkdtemp(join(tmpdir(), 'everypage-demo-'));
  try {
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, server.ca);
    const flags = [...(isHttp1 ? ['--http1.1'] : []), ...impatience, '--select', 'data.items'];

    say(paint('bold', `A local API of ${demoPages} pages with faults:`));
    for (const { about } of chosen) say(`  · ${about}`);
    say('');
    const shown = [`'${server.url}'`, '--cacert ca.pem', ...flags, '-o items.ndjson'];
    say(paint('dim', `$ everypage ${shown.join(' ')}`));
    say('');
    const exitCode = await fetchCommand(
      parseArguments(
        [
          ...[server.url, '--cacert', caFile, ...flags, '-o', join(folder, 'items.ndjson')],
          ...['--proxy', '', ...messageFlags(typed)],
        ],
        {},
      ),
      context,
      'items.ndjson',
    );
    const { requests, faults: played, connections } = server.counts();
    say('');
    say(
      paint(
        'dim',
        `The server counted ${requests} requests on ${connections} connections and answered ${played} with a fault.`,
      ),
    );
    if (exitCode !== 0) say(paint('dim', 'It is gone now, and what was fetched with it.'));
    return exitCode;
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
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
