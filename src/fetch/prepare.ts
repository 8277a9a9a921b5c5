/** Turns what the user asks for into a job, and finds what is wrong with it before a request is sent. */
import { createHash, hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { checkReplaceable } from '../archive/archive-file.ts';
import {
  filesOfArchive,
  locateArchive,
  makeStateFolder,
  stateFolder,
} from '../archive/archive-location.ts';
import type { ArchiveLocation, RunSpecification } from '../archive/archive-types.ts';
import { fingerprintOf } from '../archive/kept-run.ts';
import { tidyStateFolder } from '../archive/state-folder.ts';
import type { ExportTarget, OpenRequest } from '../archive-thread/messages.ts';
import { systemClock } from '../core/clock.ts';
import { isDatabaseUrl } from '../core/database-url.ts';
import { usageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { RunOptions } from '../core/options.ts';
import { withoutSinks } from '../core/record-sink.ts';
import { redactUrl, Secret, secretParamsOfList } from '../core/redact.ts';
import { type ResolvedOptions, resolveOptions } from '../core/resolve-options.ts';
import { withTable } from '../core/table-options.ts';
import { readCondition, readSelection } from '../decode/decode.ts';
import { outputForm } from '../export/choose-format.ts';
import { isWholeFile } from '../export/file-destination.ts';
import type { TransportOptions } from '../http/transport.ts';
import { checkSources, createListPlan } from '../plan/list-plan.ts';
import type { Plan, PlanSource } from '../plan/plan.ts';
import { firstOrigin, takeUserInfo } from '../plan/written-url.ts';
import {
  checkDistinctFiles,
  checkManifest,
  checkOutputFolder,
  type FilesBeside,
  type FileUses,
  manifestUses,
  outputUses,
  schemaUses,
  sinkUses,
} from './check-files.ts';
import { withKnownCredentials, withoutCredentials } from './credentials.ts';
import { bytesTarget, exportTargets } from './export-targets.ts';
import { transportOptions } from './open-transport.ts';
import type { OutputSinks } from './output-sinks.ts';
import { isOneUrl, type PaginateJob, paginateJob, withPresetOptions } from './paginate-job.ts';
import type { Controlled } from './user-controls.ts';

/** For the proxy of a list whose first URL is not known yet. */
const SOME_ORIGIN = 'https://list.invalid';

export interface Job {
  readonly options: ResolvedOptions;
  readonly emit: EventSink;
  /** The list that was asked for, from its beginning. */
  readonly makePlan: () => Plan;
  /** Null for a list that is known. */
  readonly paginate: PaginateJob | null;
  readonly open: OpenRequest;
  readonly transport: TransportOptions;
  /**
   * Where the first request will go, to begin the connection early; null where that is not known, or
   * where an earlier run may have left only the output to be written.
   */
  readonly connectTo: string | null;
  /** No archive stands where this run's will. */
  readonly isNew: boolean;
  /** One URL is all that is known of the list, and nothing that is written may be waited for. */
  readonly mayBeOnePage: boolean;
}

/**
 * Turns what the user asked into a job. Everything that can be found wrong before a request is
 * sent is found here.
 */
export async function prepare(
  asked: readonly PlanSource[],
  askedOptions: RunOptions & OutputSinks & FilesBeside & Controlled,
): Promise<Job> {
  const { sources, options: userOptions } = takeUserInfo(asked, askedOptions);
  const known = withCursorNames(withPresetOptions(resolveOptions(userOptions)), sources);
  const transport = transportOptions(known, process.env, askedOptions.controls !== undefined);
  const proxy = transport.proxyFor(firstOrigin(sources) ?? SOME_ORIGIN);
  const options = withKnownCredentials(known, sources, proxy);
  readSelection(options.select);
  readCondition(options.failWhen);
  for (const output of withoutSinks(options.outputs)) checkOutputFolder(output);
  checkOutputFolder(options.archive);
  checkManifest(options.manifest);
  const targets = targetsOf(options, askedOptions);
  await checkSources(sources);
  const makePlan = (): Plan =>
    createListPlan({
      sources,
      method: options.method,
      body: options.body,
      get stdin() {
        return process.stdin;
      },
      secretParams: options.secretParams,
    });
  const paginate = await paginateJob(sources, options, makePlan);
  const specification = specificationOf(sources, options, paginate !== null);
  const beside = placeOfArchive(options);
  const isFileBacked = beside !== null || options.archive !== null;
  const states = isFileBacked ? '' : stateFolder(process.env, homedir());
  const isTemporary = !isFileBacked && !options.resume && !options.outputs.some(isDatabaseUrl);
  if (!isFileBacked && !isTemporary) makeStateFolder(states);
  const location = isTemporary
    ? null
    : locateArchive({
        output: beside,
        archive: options.archive,
        stateFolder: states,
        fingerprint: fingerprintOf(specification),
      });
  const { alsoWritten = [], alsoRead = [] } = askedOptions;
  checkDistinctFiles(
    [
      ...outputUses(targets.flatMap((target) => (target.kind === 'file' ? [target.path] : []))),
      ...(location === null ? [] : archiveUses(location)),
      ...manifestUses(options.manifest),
      ...alsoWritten,
    ],
    [...filesRead(sources, options), ...sinkUses(options.outputs), ...alsoRead],
  );
  if (location !== null) checkArchive(location, isFileBacked, options.fresh);
  if (location !== null && !isFileBacked) {
    tidyStateFolder(states, systemClock.wallTime(), location.part);
  }
  // A sink that cannot be loaded is to be known before a request.
  const hasSink = targets.some(({ kind }) => kind === 'sink');
  const isNew = !hasSink && (location === null || !existsSync(location.part));
  return {
    options,
    emit: withoutCredentials(askedOptions.onEvent ?? (() => {}), options),
    makePlan,
    paginate,
    open: {
      location,
      specification,
      fresh: options.fresh,
      // Without a file to stand beside, a complete archive has served its purpose.
      keep: options.keep && isFileBacked,
      allowIncomplete: options.allowIncomplete,
      strict: options.strict,
      expect: options.expect,
      isPaginated: paginate !== null || (options.records && options.select === null),
      secretParams: options.secretParams,
      credentials: options.credentials.reveal(),
      select: options.select,
      maxDecodedBytes: options.maxDecodedBytes,
      failWhen: options.failWhen,
      targets,
      table: withTable(options.table, specification.sources[0], options.paginate.pinned.key),
      manifest: options.manifest,
    },
    transport,
    connectTo: isNew || options.fresh ? firstOrigin(sources) : null,
    isNew,
    mayBeOnePage:
      isNew &&
      isOneUrl(sources) &&
      options.paginate.split === null &&
      askedOptions.controls === undefined &&
      targets.every(isQuick),
  };
}

/** Not what others read, or a server takes: they may take as long as they like. */
function isQuick(target: ExportTarget): boolean {
  if (target.kind !== 'file') return target.kind !== 'sink';
  return isWholeFile(target.path);
}

function archiveUses({ part, complete }: ArchiveLocation): FileUses {
  return [
    ...filesOfArchive(complete).map((path) => ['the archive', path] as const),
    ...filesOfArchive(part).map((path) => ['its unfinished archive', path] as const),
  ];
}

function checkArchive(
  { part, complete }: ArchiveLocation,
  isFileBacked: boolean,
  fresh: boolean,
): void {
  checkOutputFolder(part);
  if (isFileBacked) checkReplaceable(complete);
  // A file with that ending is ours, even if it is damaged.
  if (fresh && !part.endsWith('.everypage.part')) checkReplaceable(part);
}

function withCursorNames(
  options: ResolvedOptions,
  sources: readonly PlanSource[],
): ResolvedOptions {
  const [source] = sources;
  const isOne = sources.length === 1 && (source?.kind === 'template' || source?.kind === 'literal');
  if (!isOne) return options;
  return { ...options, secretParams: secretParamsOfList(source.text, options.secretParams) };
}

function filesRead(sources: readonly PlanSource[], options: ResolvedOptions): FileUses {
  const lists = sources.flatMap((source) =>
    source.kind === 'file' ? [['the list', source.path] as const] : [],
  );
  const { caFile, certFile, keyFile } = options;
  const named = Object.entries({ '--cacert': caFile, '--cert': certFile, '--cert-key': keyFile });
  return [
    ...lists,
    ...schemaUses(options.table),
    ...named.flatMap(([use, path]) =>
      path === null ? [] : [[`the file of ${use}`, path] as const],
    ),
  ];
}

function targetsOf(
  { outputs, format, table }: ResolvedOptions,
  { stdout, pages }: OutputSinks,
): readonly ExportTarget[] {
  if (outputs.length === 0) {
    if (stdout !== undefined) return [bytesTarget(format, table)];
    return pages === undefined ? [] : [{ kind: 'pages' }];
  }
  const targets = exportTargets(outputs, format, table);
  if (outputs.length - targets.length > 1) {
    throw usageError('two outputs end in .everypage; a run has one archive');
  }
  return targets;
}

/** The output that the archive stands beside or is; null where none is a file. */
function placeOfArchive({ outputs, format }: ResolvedOptions): string | null {
  const files = withoutSinks(outputs).filter(isWholeFile);
  return files.find((path) => outputForm(path, format) === null) ?? files[0] ?? null;
}

/** Headers that say who asks or how bytes travel, not what is represented. */
const NOT_REPRESENTATION = new Set(['user-agent', 'accept-encoding', 'cache-control', 'pragma']);

/** What makes two runs the same run: everything that changes the pages, nothing that changes how they are got. */
function specificationOf(
  sources: readonly PlanSource[],
  options: ResolvedOptions,
  isPaginated: boolean,
): RunSpecification {
  const { kind, pinned, preset, split } = options.paginate;
  // Without anything said a list is what it was before there was pagination.
  const pagination = isPaginated
    ? JSON.stringify({ kind: kind === 'default' ? 'auto' : kind, ...pinned, preset, split })
    : null;
  return {
    // Pages that are stored already were not asked: they must not be mixed with those that are.
    ...(options.failWhen ? { failWhen: options.failWhen } : {}),
    pagination,
    sources: sources.map((source) => describeSource(source, options.secretParams)),
    method: options.method,
    bodyDigest: options.body === null ? null : hash('sha256', options.body),
    headers: options.headers.flatMap(({ name, value }): [string, string][] =>
      value instanceof Secret || NOT_REPRESENTATION.has(name) ? [] : [[name, value]],
    ),
  };
}

function describeSource(source: PlanSource, secretParams: readonly string[]): string {
  switch (source.kind) {
    case 'template':
      return redactUrl(source.text, secretParams);
    case 'literal':
      return `literal ${redactUrl(source.text, secretParams)}`;
    case 'file':
      return `@${source.path}`;
    case 'stdin':
      return '-';
    case 'iterable':
      return describeList(source.urls, secretParams);
  }
}

/** A list in memory is known by its content; one that is made on the way only by being one. */
function describeList(
  urls: Iterable<string> | AsyncIterable<string>,
  secretParams: readonly string[],
): string {
  if (!Array.isArray(urls)) return 'list';
  const digest = createHash('sha256');
  for (const url of urls) digest.update(`${redactUrl(String(url), secretParams)}\n`);
  return `list ${digest.digest('hex')}`;
}
