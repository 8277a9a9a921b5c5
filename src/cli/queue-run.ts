/** A fetch that many machines share (`--queue`): what the coordinator tells the queue of it. */

import { QueueConnection, readQueueAddress } from '../cluster/connect.ts';
import { bringByQueue } from '../cluster/coordinate.ts';
import { endRun } from '../cluster/run-record.ts';
import { escapeText, shellQuote } from '../core/escape.ts';
import type { RunOptions } from '../core/options.ts';
import { isSecretHeader } from '../core/redact.ts';
import type { BringPages } from '../fetch/run-archive.ts';
import { createTransport } from '../http/create-transport.ts';
import type { PlanSource } from '../plan/plan.ts';
import { type CliContext, openScreen } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { shownUrl } from './flag-values.ts';
import { type Flag, flagNamed, flagsOf } from './flags.ts';
import { openNamedStore } from './store-argument.ts';
import { type TypedArguments, UsageError, wordsOf, wordsOfFlag } from './typed-arguments.ts';

interface QueueRun {
  readonly typed: TypedArguments;
  readonly sources: readonly PlanSource[];
  readonly options: RunOptions;
}

/** Connects to the queue, and runs the fetch with pages that come by way of it. */
export async function withQueue(
  run: QueueRun,
  context: CliContext,
  fetch: (bring: BringPages) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { typed, sources, options } = run;
  const { env } = context;
  const queue = typed.value('queue');
  const store = typed.value('store');
  if (queue === null || store === null) {
    const [missing, example] =
      queue === null ? ['--queue', 'redis://host:6379/0'] : ['--store', '/mnt/share/items'];
    throw new UsageError(`${missing} is missing: many machines need a queue and a store`, [
      ...wordsOf(typed),
      missing,
      example,
    ]);
  }
  const words = workerWords(run, env);
  const screen = openScreen(typed, context);
  const say = (text: string): void => {
    if (!typed.has('quiet') && typed.value('log-format') === null)
      screen.line(`everypage: ${text}`);
  };
  const home = await openNamedStore(store, context);
  const connection = await QueueConnection.open(readQueueAddress(queue, env), say);
  const isReadAgain = options.prove === true;
  const begun = new Set<string>();
  try {
    const code = await fetch((parts) =>
      bringByQueue(
        {
          connection,
          home,
          words,
          sources,
          works: !typed.has('no-work'),
          makeTransport: (asked) => createTransport(asked, context.network),
          isReadAgain,
          onBegun: ({ id }) => {
            if (begun.has(id)) return;
            begun.add(id);
            const shown = shellQuote(connection.address.shown);
            say(`run ${escapeText(id)}; other machines help with`);
            say(`  everypage worker --queue ${shown} --run ${escapeText(id)}`);
          },
        },
        parts,
      ),
    );
    // The same command resumes a run that was stopped.
    if (isReadAgain && ENDED.has(code)) for (const id of begun) await endRun(connection.redis, id);
    return code;
  } finally {
    connection.close();
    await home.close();
  }
}

/** Of a run that was not stopped. */
const ENDED: ReadonlySet<ExitCode> = new Set([0, 3]);

/** Flags that each machine decides for itself, or that make no difference to a page. */
const OWN_FLAGS = new Set([
  'env-file',
  'bearer-env',
  'netrc',
  'header',
  'proxy',
  'data',
  'expect',
  'prove',
  'strict',
  'user-agent',
]);
const SHARED_GROUPS = new Set([
  ...['Request', 'Pagination', 'Credentials', 'Connection', 'Pace and retries'],
]);
const SHARED_FLAGS = new Set([
  'select',
  'records',
  'pages',
  'fail-when',
  'max-body-bytes',
  'max-decoded-bytes',
]);

/**
 * The command line of the run as a worker reads it: what the pages are and how they are asked for. What
 * files and the environment of this machine say stands in it, but for credentials.
 *
 * @throws UsageError for a credential on the command line, which would stand in the queue
 */
function workerWords({ typed, options }: QueueRun, env: CliContext['env']): readonly string[] {
  const secretParams = typed.list('secret-param');
  for (const argument of typed.positionals) {
    if (shownUrl(argument, secretParams) === argument) continue;
    throw new UsageError(
      'a URL holds a credential, which would stand in the queue; send it as a header, with --bearer-env or -H @file, on every machine',
    );
  }
  for (const { name, rawName, value } of typed.flags) {
    if (!isShared(flagNamed(name)) && name !== 'header' && name !== 'data') continue;
    const shown =
      value === null ? value : (flagNamed(name).value?.show?.(value, secretParams) ?? value);
    if (shown === value) continue;
    throw new UsageError(
      `${rawName} holds a credential, which would stand in the queue; give it with --bearer-env, --netrc or -H @file, on every machine`,
    );
  }
  return [
    ...typed.positionals,
    ...flagsOf('fetch').flatMap((flag) => (isShared(flag) ? wordsFor(flag, typed, env) : [])),
    ...headerWords(options),
    ...bodyWords(options),
  ];
}

function isShared({ name, group }: Flag): boolean {
  return (SHARED_GROUPS.has(group) && !OWN_FLAGS.has(name)) || SHARED_FLAGS.has(name);
}

function wordsFor({ name, env: variable }: Flag, typed: TypedArguments, env: CliContext['env']) {
  const given = typed.flags.filter((flag) => flag.name === name);
  const fromEnv = variable === null ? undefined : env[variable];
  if (given.length > 0 || !fromEnv) return given.flatMap((flag) => wordsOfFlag(flag));
  return [`--${name}=${fromEnv}`];
}

function headerWords({ headers = [] }: RunOptions): readonly string[] {
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return pairs
    .filter(([name]) => !isSecretHeader(name))
    .map(([name, value]) => `--header=${name}: ${value}`);
}

function bodyWords({ body }: RunOptions): readonly string[] {
  if (body === undefined) return [];
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  const isText = typeof body === 'string' || Buffer.from(text).equals(body);
  const { show } = flagNamed('data').value!;
  if (!isText || text.startsWith('@') || (show?.(text, []) ?? text) !== text) {
    throw new UsageError(
      '-d: the body would stand in the queue; it has to be text without credentials',
    );
  }
  return [`--data=${text}`];
}
