/** `everypage archives`: what runs without an output file have left in the state folder. */
import { homedir } from 'node:os';
import { stateFolder } from '../archive/archive-location.ts';
import { type KeptArchive, listArchives, removeArchive } from '../archive/state-folder.ts';
import { escapeText } from '../core/escape.ts';
import { counted, formatBytes, formatDuration } from '../core/units.ts';
import { asciiJson } from '../report/json-log.ts';
import { type CliContext, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';

/** Lists the archives, or with `--clean` removes all that are not in use. */
export async function archivesCommand(
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const [extra] = typed.positionals;
  if (extra !== undefined) {
    throw new UsageError(`everypage archives takes no argument; ${extra} is one too many`, [
      'archives',
    ]);
  }
  const folder = stateFolder(context.env, homedir());
  const cleans = typed.has('clean');
  const shown = listArchives(folder).map((archive) => ({
    ...archive,
    removed: cleans && archive.state !== 'in use' && removeArchive(archive.path),
  }));
  const text = typed.has('json')
    ? asciiJson(shown, 2)
    : archivesText(shown, folder, context.clock.wallTime());
  await writeOut(context, `${text}\n`);
  return 0;
}

type Shown = KeptArchive & { readonly removed: boolean };

function archivesText(shown: readonly Shown[], folder: string, now: number): string {
  if (shown.length === 0) return `There are no archives in ${escapeText(folder)}.`;
  return shown.map((archive) => textOf(archive, now)).join('\n');
}

function textOf(archive: Shown, now: number): string {
  const { path, state, sources, stored, bytes, changedAt, removed } = archive;
  const facts = [
    removed ? `removed (${state})` : state,
    ...(stored === null ? [] : [counted(stored, 'page')]),
    formatBytes(bytes),
    `changed ${formatDuration(Math.max(0, now - changedAt))} ago`,
  ];
  const [first, ...more] = sources;
  const asked =
    first === undefined
      ? []
      : [`  ${escapeText(first)}${more.length > 0 ? ` and ${more.length} more` : ''}`];
  return [facts.join('  '), ...asked, `  ${escapeText(path)}`].join('\n');
}
