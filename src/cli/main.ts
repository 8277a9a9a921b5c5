/**
 * From arguments to an exit code. This folder asks about arguments, terminals, colour, signals and
 * exit codes; it fetches nothing itself and may import everything below it.
 */

import { statSync } from 'node:fs';
import { systemClock } from '../core/clock.ts';
import { holdsPassword, isS3Url } from '../core/database-url.ts';
import { type ErrorCode, EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { reasonOfFile } from '../core/files.ts';
import { VERSION } from '../core/resolve-options.ts';
import { writeJsonLine } from '../report/json-log.ts';
import { createPainter } from '../report/paint.ts';
import { boundHeap } from './bound-heap.ts';
import { typedCommand } from './command-text.ts';
import {
  type CliContext,
  describeTerminal,
  fitTerminal,
  LAST_WRITE_MS,
  withinTime,
  writeOut,
} from './context.ts';
import { loadEnvFiles } from './env-file.ts';
import { type ExitCode, exitCodeOfError, signalOfExitCode } from './exit-code.ts';
import { fetchCommand } from './fetch-command.ts';
import { COMPLETE, type Verb, verbs } from './flags/verbs.ts';
import { type FlagValue, flagNamed } from './flags.ts';
import { longHelp, shortHelp } from './help.ts';
import { parseArguments } from './parse-arguments.ts';
import { checkValues, type TypedArguments, UsageError } from './typed-arguments.ts';

type Command = (typed: TypedArguments, context: CliContext) => Promise<ExitCode>;

/** All but the usual one are loaded when they are used. */
const commands: Readonly<Record<Verb, () => Promise<Command>>> = {
  fetch: async () => fetchCommand,
  export: async () => (await import('./archive-commands.ts')).exportCommand,
  verify: async () => (await import('./archive-commands.ts')).verifyCommand,
  report: async () => (await import('./report-command.ts')).reportCommand,
  schema: async () => (await import('./schema-command.ts')).schemaCommand,
  explain: async () => (await import('./explain-command.ts')).explainCommand,
  head: async () => (await import('./head-command.ts')).headCommand,
  serve: async () => (await import('./serve-command.ts')).serveCommand,
  presets: async () => (await import('./presets-command.ts')).presetsCommand,
  archives: async () => (await import('./archives-command.ts')).archivesCommand,
  worker: async () => (await import('./cluster-commands.ts')).workerCommand,
  status: async () => (await import('./cluster-commands.ts')).statusCommand,
  pause: async () => (await import('./cluster-commands.ts')).pauseCommand,
  resume: async () => (await import('./cluster-commands.ts')).resumeCommand,
  cancel: async () => (await import('./cluster-commands.ts')).cancelCommand,
  dashboard: async () => (await import('./cluster-commands.ts')).dashboardCommand,
  demo: async () => (await import('./demo-command.ts')).demoCommand,
  completion: async () => (await import('./completion-command.ts')).completionCommand,
};

/** They read the store of a run of many machines as they read an archive. */
const readsArchives: ReadonlySet<Verb> = new Set([
  ...(['export', 'verify', 'report', 'schema', 'head', 'serve'] as const),
]);

/** Whether a store stands in place of an archive. */
function namesStore({ verb, positionals }: TypedArguments): boolean {
  const [first] = positionals;
  if (first === undefined || !readsArchives.has(verb) || /^https?:/i.test(first)) return false;
  return isS3Url(first) || statSync(first, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Runs the program in this process and sets its exit code. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  boundHeap();
  const context = processContext();
  const code = await runCommandLine(argv, context);
  process.exitCode = code;
  await leave(STOPPED.has(code));
}

/** Runs one command line and gives its exit code. Every error has been printed then. */
export async function runCommandLine(
  argv: readonly string[],
  context: CliContext,
): Promise<ExitCode> {
  try {
    if (argv.length === 0) {
      context.stderr.write(shortHelp('fetch'));
      return exitCodeOfError('USAGE');
    }
    if (argv[0] === COMPLETE) {
      const { completeCommand } = await import('./completion-command.ts');
      return await completeCommand(argv.slice(1), context);
    }
    const typed = parseArguments(argv, context.env);
    const text = textAskedFor(typed);
    if (text !== null) {
      await writeOut(context, fitTerminal(context.stdout, context.env, text));
      return 0;
    }
    loadEnvFiles(typed, context);
    checkValues(typed);
    hidePasswords(typed);
    const command = await commands[typed.verb]();
    if (!namesStore(typed)) return await command(typed, context);
    const { withStoreAsArchive } = await import('./store-argument.ts');
    return await withStoreAsArchive(typed.positionals[0]!, context, (archive, own) =>
      command({ ...typed, positionals: typed.positionals.with(0, archive) }, own),
    );
  } catch (error) {
    return sayError(error, argv, context);
  }
}

/** Other users see the words of a command in the list of processes, where systems let it be changed. */
function hidePasswords(typed: TypedArguments): void {
  const outputs = typed.list('output').filter((output) => output !== null);
  if (outputs.some(holdsPassword)) process.title = 'everypage';
}

/** Help or version; null if a command is to be run. */
function textAskedFor(typed: TypedArguments): string | null {
  const help = typed.flags.find(({ name }) => name === 'help');
  if (help !== undefined) {
    return help.rawName === '-h' ? shortHelp(typed.verb) : longHelp(typed.verb);
  }
  return typed.has('version') ? `everypage ${VERSION}\n` : null;
}

function sayError(error: unknown, argv: readonly string[], context: CliContext): ExitCode {
  const code: ErrorCode = error instanceof EverypageError ? error.code : 'INTERNAL';
  if (code === 'CLOSED_PIPE') return exitCodeOfError(code);
  const message = error instanceof EverypageError ? error.message : wordsFor(error);
  const command = error instanceof UsageError ? commandInstead(error, argv, context) : null;
  if (wantsJson(argv, context)) {
    const more = command === null ? {} : { try: command };
    writeJsonLine(context.stderr, context.clock, { type: 'error', code, message, ...more });
  } else {
    const [, color = 'auto'] =
      /(?:^| )--color[= ](auto|always|never)(?: |$)/.exec(argv.join(' ')) ??
      (argv.includes('--color') ? ['', 'always'] : []);
    const paint = createPainter(
      describeTerminal(context.stderr, context.env, color as FlagValue<'color'>).color,
    );
    const more = command === null ? '' : `  try: ${paint('cyan', command)}\n`;
    const said = `${paint('red', 'everypage:')} ${escapeText(message)}\n${more}`;
    context.stderr.write(fitTerminal(context.stderr, context.env, said));
  }
  if (context.env['EVERYPAGE_DEBUG'] === '1' && error instanceof Error) {
    context.stderr.write(`${error.stack}\n`);
  }
  return exitCodeOfError(code);
}

/**
 * Files, code and threads are opened as they are needed: a right or a descriptor may be wanting, which is
 * no bug.
 */
function wordsFor(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (/\bE[MN]FILE\b|\btoo many open files\b/i.test(text)) {
    return 'too many files are open. Allow more (ulimit -n), and run the same command again.';
  }
  const { path = '' } = error as { path?: string };
  const reason = reasonOfFile(error);
  if (reason !== null) return `${path === '' ? '' : `${path}: `}${reason}`;
  return `this is a bug in everypage: ${text} (EVERYPAGE_DEBUG=1 shows where)`;
}

/** The command to try instead of one that cannot run. If none is known, the help. */
function commandInstead(error: UsageError, argv: readonly string[], { env }: CliContext): string {
  let wrong: unknown = error;
  // The corrected command may have another fault.
  for (let fixes = 0; fixes < 9 && wrong instanceof UsageError && wrong.words !== null; fixes++) {
    try {
      const typed = parseArguments(wrong.words, env);
      checkValues(typed);
      return typedCommand(typed, env);
    } catch (next) {
      wrong = next;
    }
  }
  const verb = verbs.filter((name) => name === argv[0]);
  return typedCommand(parseArguments([...verb, '--help'], env), env);
}

/** Read from the raw words, because the error may be that they could not be parsed. */
function wantsJson(argv: readonly string[], context: CliContext): boolean {
  if (/(^| )--log-format[= ]json( |$)/.test(argv.join(' '))) return true;
  return context.env[flagNamed('log-format').env ?? ''] === 'json';
}

function processContext(): CliContext {
  // A closed standard error is no reason to fail.
  process.stderr.on('error', () => {});
  return {
    env: process.env,
    // Node makes the stream when it is first asked for, which takes 2 ms.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    signals: {
      on: (signal, listener) => process.on(signal, listener),
      off: (signal, listener) => process.off(signal, listener),
      exit: exitAtOnce,
    },
    clock: systemClock,
  };
}

/**
 * Exits when all output has been written. Waiting until nothing is open any more would take as long
 * as the thread and the connections need to be taken apart: some 20 ms, in which nobody gains.
 */
async function leave(isStopped: boolean): Promise<void> {
  const all = Promise.all([written(process.stdout), written(process.stderr)]);
  await (isStopped ? withinTime(all, LAST_WRITE_MS) : all);
  exitAtOnce(Number(process.exitCode ?? 0));
}

/** By a signal or a limit of the user's: then no reader holds the process up. */
const STOPPED: ReadonlySet<ExitCode> = new Set([5, 129, 130, 143]);

/** Resolves when the stream has passed on what it was given, or never will. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}

/** A sink may not call it: see `refuseExit`. */
const exit = process.exit.bind(process);

/** Work of the thread pool, for which `process.exit` waits: a name that is looked up, a file of another kind. */
const ON_POOL = /^(?:FSReq|GetAddrInfo|GetNameInfo)/;

/** Exits though something may never come back: then as the signal itself would have ended the process. */
function exitAtOnce(code: number): void {
  const signal = signalOfExitCode(code);
  if (signal !== null && process.getActiveResourcesInfo().some((name) => ON_POOL.test(name))) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  exit(code);
}
