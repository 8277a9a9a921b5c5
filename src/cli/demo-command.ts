import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EverypageError } from '../core/errors.ts';
import { startDemoServer } from '../demo/demo-server.ts';
import { fitText } from '../report/fit-width.ts';
import { createPainter } from '../report/paint.ts';
import type { CliContext } from './context.ts';
import { firstLines, messageFlags } from './demo-output.ts';
import type { ExitCode } from './exit-code.ts';
import { fetchCommand } from './fetch-command.ts';
import { parseArguments, type TypedArguments } from './parse-arguments.ts';
import { describeTerminal, parseColorWhen } from './terminal.ts';

const shownRecords = 3;

/** `everypage demo`: a local API with faults, fetched by the command that anyone would type. */
export async function demoCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  if (typed.positionals.length > 0) {
    throw new EverypageError('USAGE', 'everypage demo brings its own URL and takes no other');
  }
  const api = typed.value('api');
  const faults = typed.value('faults');
  if (api !== null && faults !== null) {
    throw new EverypageError('USAGE', '--api and --faults are two demos; give one');
  }
  if (faults !== null) {
    return (await import('./demo-faults.ts')).demoFaults(faults, typed, context);
  }
  if (api !== null) return (await import('./demo-api.ts')).demoApi(api, typed, context);
  const when = parseColorWhen(typed.value('color'), typed.placeOf('color'));
  const facts = describeTerminal(context.stderr, context.env, when);
  const paint = createPainter(facts.color);
  const say = (line: string) => context.stderr.write(`${line}\n`);

  const server = await startDemoServer();
  const folder = await mkdtemp(join(tmpdir(), 'everypage-demo-'));
  try {
    const output = join(folder, 'items.ndjson');
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, server.ca);

    const concurrency = typed.value('concurrency');
    const own = concurrency === null ? [] : ['-c', concurrency];
    say(paint('bold', 'A local API:'));
    for (const fact of server.facts) say(`  · ${fact}`);
    say('');
    say(paint('dim', `$ everypage '${server.url}' \\`));
    const shown = ['--cacert ca.pem --select data.items', ...own, '-o items.ndjson'].join(' ');
    say(paint('dim', `    ${shown}`));
    say('');

    const exitCode = await fetchCommand(
      parseArguments(
        [
          ...[server.url, '--cacert', caFile, '--select', 'data.items', '-o', output],
          ...[...own, '--proxy', ''],
          ...messageFlags(typed),
        ],
        {},
      ),
      context,
      'items.ndjson',
    );
    if (exitCode !== 0) return exitCode;
    say('');
    say(paint('bold', 'The first records:'));
    for (const record of await firstLines(output, shownRecords)) {
      say(`  ${fitText(record, facts.columns() - 3)}`);
    }
    return exitCode;
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
