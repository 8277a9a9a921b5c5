import { EverypageError } from '../core/errors.ts';
import { shellQuote } from '../core/escape.ts';
import { startApiServer } from '../demo/api-server.ts';
import { apiShapes } from '../demo/api-shapes.ts';
import type { CliContext } from './context.ts';
import { onStage } from './demo-stage.ts';
import type { ExitCode } from './exit-code.ts';
import { nearest, type TypedArguments } from './parse-arguments.ts';

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
      `there is no demo of ${JSON.stringify(name)}${near === null ? ';' : `; did you mean ${near}?`} everypage demo --api list names them`,
    );
  }
  const server = await startApiServer({ api: name, protocol: 'https', latencyMs: 30 });
  const asked = [server.url];
  for (const [header, value] of Object.entries(server.headers)) {
    asked.push('-H', `${header}: ${value}`);
  }
  if (server.body !== null) asked.push('-d', server.body);
  return onStage(server, typed, context, async ({ paint, say, fetch, showRecords }) => {
    say(`${paint('bold', 'A local API:')} ${server.about}`);
    say('');
    const words = asked.map(shellQuote).join(' ');
    say(paint('dim', `$ everypage ${words} --cacert ca.pem -o items.ndjson`));
    say('');
    const exitCode = await fetch(asked);
    if (exitCode === 0) await showRecords();
    return exitCode;
  });
}
