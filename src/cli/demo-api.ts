import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EverypageError } from '../core/errors.ts';
import { startApiServer } from '../demo/api-server.ts';
import { apiShapes } from '../demo/api-shapes.ts';
import { fitText } from '../report/fit-width.ts';
import { createPainter } from '../report/paint.ts';
import { shellQuote } from './command-text.ts';
import type { CliContext } from './context.ts';
import { firstLines, messageFlags } from './demo-output.ts';
import type { ExitCode } from './exit-code.ts';
import { fetchCommand } from './fetch-command.ts';
import { nearest } from './nearest.ts';
import { parseArguments, type TypedArguments } from './parse-arguments.ts';
import { describeTerminal, parseColorWhen } from './terminal.ts';

const shownRecords = 3;

/** `everypage demo --api NAME`: an API's way to page, played on loopback and fetched by its URL alone. */
export async function demoApi(
  name: string,
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  if (name === 'list') {
    const width = Math.max(...apiShapes.map((shape) => shape.name.length));
    const lines = apiShapes.map((shape) => `${shape.name.padEnd(width)}  ${shape.about}`);
    context.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  }
  const names = apiShapes.map((shape) => shape.name);
  if (!names.includes(name)) {
    const near = nearest(name, names);
    throw new EverypageError(
      'USAGE',
      `there is no demo of ${JSON.stringify(name)}${near === null ? '' : `; did you mean ${near}?`} everypage demo --api list names them`,
    );
  }
  const when = parseColorWhen(typed.value('color'), typed.placeOf('color'));
  const facts = describeTerminal(context.stderr, context.env, when);
  const paint = createPainter(facts.color);
  const say = (line: string) => context.stderr.write(`${line}\n`);

  const server = await startApiServer({ api: name, protocol: 'https', latencyMs: 30 });
  const folder = await mkdtemp(join(tmpdir(), 'everypage-demo-'));
  try {
    const output = join(folder, 'items.ndjson');
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, server.ca ?? '');
    const asked = [server.url];
    for (const [header, value] of Object.entries(server.headers)) {
      asked.push('-H', `${header}: ${value}`);
    }
    if (server.body !== null) asked.push('-d', server.body);

    say(`${paint('bold', 'A local API:')} ${server.about}`);
    say('');
    say(
      paint(
        'dim',
        `$ everypage ${asked.map(shellQuote).join(' ')} --cacert ca.pem -o items.ndjson`,
      ),
    );
    say('');
    const exitCode = await fetchCommand(
      parseArguments(
        [...asked, '--cacert', caFile, '-o', output, '--proxy', '', ...messageFlags(typed)],
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
