/** What the demos have in common: a server of their own, a folder that goes, and what is shown. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPainter, fitText, type Painter } from '../report/paint.ts';
import { type CliContext, describeTerminal } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { fetchCommand } from './fetch-command.ts';
import { parseArguments, type TypedArguments } from './parse-arguments.ts';

const OUTPUT = 'items.ndjson';
const SHOWN_RECORDS = 3;

export interface DemoStage {
  readonly paint: Painter;
  say(line: string): void;
  /** Runs `everypage …words` as anyone would type it, trusting the server, into an output of its own. */
  fetch(words: readonly string[]): Promise<ExitCode>;
  /** The beginning of that output. */
  showRecords(): Promise<void>;
}

interface DemoServer {
  /** Its authority, PEM; null without TLS. */
  readonly ca: string | null;
  close(): Promise<void>;
}

/** Plays one demo against a server, and ends the server however it went. */
export async function onStage(
  server: DemoServer,
  typed: TypedArguments,
  context: CliContext,
  play: (stage: DemoStage) => Promise<ExitCode>,
): Promise<ExitCode> {
  const folder = await mkdtemp(join(tmpdir(), 'everypage-demo-'));
  try {
    const facts = describeTerminal(context.stderr, context.env, typed.value('color'));
    const paint = createPainter(facts.color);
    const say = (line: string) => context.stderr.write(`${line}\n`);
    const output = join(folder, OUTPUT);
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, server.ca ?? '');
    return await play({
      paint,
      say,
      fetch: (words) => {
        const own = ['--cacert', caFile, '-o', output, '--proxy', '', ...messageFlags(typed)];
        return fetchCommand(parseArguments([...words, ...own], {}), context, OUTPUT);
      },
      showRecords: async () => {
        say('');
        say(paint('bold', 'The first records:'));
        for (const record of await firstLines(output, SHOWN_RECORDS)) {
          say(`  ${fitText(record, facts.columns() - 3)}`);
        }
      },
    });
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Those flags of the demo that say how to tell of the run. */
function messageFlags(typed: TypedArguments): readonly string[] {
  const words = Array<string>(typed.count('verbose')).fill('-v');
  for (const name of ['progress', 'color'] as const) {
    const value = typed.value(name);
    words.push(`--${name}=${value}`);
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
