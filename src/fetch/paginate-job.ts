import { EverypageError } from '../core/errors.ts';
import type { NextPage, ResolvedOptions } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination, PaginationStyle } from '../core/pagination.ts';
import { isExpression } from '../decode/decode.ts';
import type { Plan, PlanSource } from '../plan/plan.ts';
import { parseSplit, type Split } from '../plan/split-ranges.ts';
import { parseUrlTemplate } from '../plan/url-template.ts';
import { presetPins, withPresetBegin, withPresetOptions } from './use-preset.ts';

/** A list that pages by itself. */
export interface PaginateJob {
  readonly start: PageRequest;
  /** What detection need not find: the preset's and the user's. */
  readonly pinned: Partial<Pagination>;
  /** The preset's style where the first page shows none; null without one. */
  readonly usual: PaginationStyle | null;
  readonly split: Split | null;
  readonly next: NextPage | null;
}

/**
 * What of the user's words is about pagination; null for a list or a range.
 *
 * @throws EverypageError USAGE where pagination is asked for and there is not one URL to begin at
 */
export async function paginateJob(
  sources: readonly PlanSource[],
  options: ResolvedOptions,
  planAgain: () => Plan,
): Promise<PaginateJob | null> {
  const { kind, pinned, preset, split, next } = options.paginate;
  if (kind === 'none') return null;
  if (!isOneUrl(sources)) {
    if (kind === 'default') return null;
    throw new EverypageError(
      'USAGE',
      'pagination begins at one URL; a list or a range has its pages already. Give one URL without a range, or leave out the flags of pagination (--paginate, --preset, --page-size, --split, --key and the like)',
    );
  }
  const [first] = (await firstBatch(planAgain())) ?? [];
  if (first === undefined) return null;
  const records =
    options.select === null || isExpression(options.select) ? {} : { records: options.select };
  const ofPreset = preset === null ? { ...NO_PRESET, start: first } : presetJob(first, preset);
  return {
    start: ofPreset.start,
    pinned: { ...ofPreset.pins, ...records, ...pinned },
    usual: ofPreset.usual,
    split: split === null ? null : parseSplit(split),
    next,
  };
}

const NO_PRESET = { pins: {}, usual: null } as const;

function presetJob(first: PageRequest, preset: string) {
  return { start: withPresetBegin(first, preset), ...presetPins(preset) };
}

function isOneUrl(sources: readonly PlanSource[]): boolean {
  const [source] = sources;
  if (sources.length !== 1 || source === undefined) return false;
  // A range of one, `[1-1]`, is a range: whoever wrote it has counted the pages.
  if (source.kind === 'template') return parseUrlTemplate(source.text).at(0) === source.text;
  return source.kind === 'literal';
}

async function firstBatch(plan: Plan): Promise<readonly PageRequest[] | null> {
  for await (const batch of plan.batches()) return batch;
  return null;
}

/** The options with what is known of a preset's API. */
export function withPresetOf(options: ResolvedOptions): ResolvedOptions {
  const { preset } = options.paginate;
  return preset === null ? options : withPresetOptions(options, preset);
}
