import { EverypageError } from '../core/errors.ts';
import { startDemoServer } from '../demo/demo-server.ts';
import type { CliContext } from './context.ts';
import { onStage } from './demo-stage.ts';
import type { ExitCode } from './exit-code.ts';
import type { TypedArguments } from './parse-arguments.ts';

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
  const concurrency = typed.value('concurrency');
  const own = concurrency === null ? [] : ['-c', String(concurrency)];
  const server = await startDemoServer();
  return onStage(server, typed, context, async ({ paint, say, fetch, showRecords }) => {
    say(paint('bold', 'A local API:'));
    for (const fact of server.facts) say(`  · ${fact}`);
    say('');
    say(paint('dim', `$ everypage '${server.url}' \\`));
    const shown = ['--cacert ca.pem --select data.items', ...own, '-o items.ndjson'].join(' ');
    say(paint('dim', `    ${shown}`));
    say('');
    const exitCode = await fetch([server.url, '--select', 'data.items', ...own]);
    if (exitCode === 0) await showRecords();
    return exitCode;
  });
}
