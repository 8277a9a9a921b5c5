import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { usageError } from '../core/errors.ts';
import { makeTemporaryFolder } from '../core/files.ts';
import { type DemoServer, startDemoServer } from '../demo/demo-server.ts';
import { createPainter } from '../report/paint.ts';
import { fitText } from '../report/text-width.ts';
import { type CliContext, describeTerminal } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { fetchCommand } from './fetch-command.ts';
import { parseArguments } from './parse-arguments.ts';
import type { TypedArguments } from './typed-arguments.ts';

const OUTPUT = 'items.ndjson';
const SHOWN_RECORDS = 3;

/** `everypage demo`: a local API with faults, fetched by the command that anyone would type. */
export async function demoCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  if (typed.positionals.length > 0) {
    throw usageError('everypage demo brings its own URL and takes no other');
  }
  const folder = makeTemporaryFolder('everypage-demo');
  const server = await startDemoServer();
  try {
    return await fetchShown(server, folder, typed, context);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchShown(
  server: DemoServer,
  folder: string,
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const terminal = describeTerminal(context.stderr, context.env, typed.value('color'));
  const paint = createPainter(terminal.color);
  const say = (line: string) => context.stderr.write(`${line}\n`);
  const concurrency = typed.value('concurrency');
  const own = concurrency === null ? [] : ['-c', String(concurrency)];

  say(paint('bold', 'A local API:'));
  for (const fact of server.facts) say(`  · ${fact}`);
  say('');
  say(paint('dim', `$ everypage '${server.url}' \\`));
  const shown = ['--cacert ca.pem --select data.items', ...own, `-o ${OUTPUT}`].join(' ');
  say(paint('dim', `    ${shown}`));
  say('');

  const caFile = join(folder, 'ca.pem');
  const output = join(folder, OUTPUT);
  await writeFile(caFile, server.ca);
  const json = typed.has('json') ? ['--json'] : [];
  const hidden = [...json, '--cacert', caFile, '-o', output, '--proxy', '', ...messageFlags(typed)];
  const words = [server.url, '--select', 'data.items', ...own, ...hidden];
  const exitCode = await fetchCommand(parseArguments(words, {}), context, OUTPUT);
  if (exitCode !== 0) return exitCode;

  say('');
  say(paint('bold', 'The first records:'));
  for (const record of await firstLines(output, SHOWN_RECORDS)) {
    say(`  ${fitText(record, terminal.columns() - 3)}`);
  }
  return exitCode;
}

/** The demo's own flags about messages, passed on to the fetch. */
function messageFlags(typed: TypedArguments): readonly string[] {
  const words = Array<string>(typed.count('verbose')).fill('-v');
  for (const name of ['progress', 'color'] as const) {
    const value = typed.value(name);
    if (value !== null) words.push(`--${name}=${value}`);
  }
  return words;
}

async function firstLines(path: string, count: number): Promise<readonly string[]> {
  const file = await open(path);
  try {
    const lines: string[] = [];
    for await (const line of file.readLines()) {
      if (lines.push(line) === count) break;
    }
    return lines;
  } finally {
    await file.close();
  }
}
