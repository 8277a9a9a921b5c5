import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { checkReplaceable } from '../archive/archive-file.ts';
import { locateArchive, makeStateFolder, stateFolder } from '../archive/archive-location.ts';
import { fingerprintOf } from '../archive/fingerprint.ts';
import { ownCredentials } from '../archive-thread/echoed-credentials.ts';
import type { ExportTarget, OpenRequest } from '../archive-thread/messages.ts';
import type { ResolvedOptions, RunOptions } from '../core/options.ts';
import { resolveOptions } from '../core/resolve-options.ts';
import { readCondition, readSelection } from '../decode/decode.ts';
import { formatNameFor } from '../export/choose-format.ts';
import type { TransportOptions } from '../http/transport.ts';
import { checkSources, createListPlan } from '../plan/list-plan.ts';
import type { Plan, PlanSource } from '../plan/plan.ts';
import { firstOrigin, takeUserInfo } from '../plan/written-url.ts';
import { checkDistinctFiles } from './check-distinct-files.ts';
import { checkOutputFolder } from './check-output-folder.ts';
import { type PaginateJob, paginateJob, withPresetOf } from './paginate-job.ts';
import { specificationOf } from './specification.ts';
import { transportOptions } from './transport-options.ts';

export interface Job {
  readonly options: ResolvedOptions;
  readonly plan: Plan;
  /** The plan from its beginning, for who looks at it before the run does. */
  readonly planAgain: () => Plan;
  /** Null for a list that is known. */
  readonly paginate: PaginateJob | null;
  readonly open: OpenRequest;
  readonly transport: TransportOptions;
  /** Where the first request will go, if that is known and certain: to begin the connection early. */
  readonly connectTo: string | null;
}

/**
 * Turns what the user asked into a job. Everything that can be found wrong before a request is
 * sent is found here.
 *
 * @param receiver who gets the export where `output` names no file
 */
export async function prepare(
  asked: readonly PlanSource[],
  askedOptions: RunOptions,
  receiver: 'bytes' | 'pages' | 'none',
): Promise<Job> {
  const { sources, options: userOptions } = takeUserInfo(asked, askedOptions);
  const options = withPresetOf(resolveOptions(userOptions));
  readSelection(options.select);
  readCondition(options.failWhen);
  checkOutputFolder(options.output);
  checkOutputFolder(options.archive);
  const target = exportTarget(options, receiver);
  const transport = transportOptions(options, process.env);
  await checkSources(sources);
  const planAgain = (): Plan =>
    createListPlan({
      sources,
      method: options.method,
      body: options.body,
      stdin: process.stdin,
      secretParams: options.secretParams,
    });
  const paginate = await paginateJob(sources, options, planAgain);
  const specification = specificationOf(sources, options, paginate !== null);
  const isFileBacked = options.output !== null || options.archive !== null;
  const states = stateFolder(process.env, homedir());
  if (!isFileBacked) makeStateFolder(states);
  const location = locateArchive({
    output: options.output,
    archive: options.archive,
    stateFolder: states,
    fingerprint: fingerprintOf(specification),
  });
  checkDistinctFiles(
    [
      ...(target.kind === 'file' ? [['the output', target.path] as const] : []),
      ['the archive', location.complete],
      ['its unfinished archive', location.part],
    ],
    sources.flatMap((source) => (source.kind === 'file' ? [['the list', source.path]] : [])),
  );
  if (isFileBacked) checkReplaceable(location.complete);
  // A run that goes on may find that only its output is missing, and then asks nobody.
  const isNew = options.fresh || !existsSync(location.part);
  return {
    options,
    plan: planAgain(),
    planAgain,
    paginate,
    open: {
      ...location,
      specification,
      fresh: options.fresh,
      // Without a file to stand beside, a complete archive has served its purpose.
      keep: options.keep && isFileBacked,
      allowIncomplete: options.allowIncomplete,
      strict: options.strict,
      expect: options.expect,
      isPaginated: paginate !== null || (options.records && options.select === null),
      secretParams: options.secretParams,
      credentials: ownCredentials(options, sources),
      select: options.select,
      maxDecodedBytes: options.maxDecodedBytes,
      failWhen: options.failWhen,
      target,
    },
    transport,
    connectTo: isNew ? firstOrigin(sources) : null,
  };
}

function exportTarget(
  options: ResolvedOptions,
  receiver: 'bytes' | 'pages' | 'none',
): ExportTarget {
  if (options.output === null) {
    return receiver === 'bytes'
      ? { kind: 'bytes', format: options.format ?? 'ndjson' }
      : { kind: receiver };
  }
  const format = formatNameFor(options.output, options.format);
  return format === 'none' ? { kind: 'none' } : { kind: 'file', path: options.output, format };
}
