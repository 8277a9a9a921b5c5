/** What a preset adds to a run, beside which the user's own words win. */

import type { ResolvedOptions } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Pagination, PaginationStyle } from '../core/pagination.ts';
import { findPreset } from '../plan/presets.ts';
import { getQueryParameter, setQueryParameter } from '../plan/query-parameter.ts';
import { styleOf } from '../plan/styles/styles.ts';

/**
 * Links and next URLs show by themselves, and the first page may show more: that they differ in one
 * number and how many there are, so that they can be asked for in parallel. Detection decides that.
 */
export function presetPins(preset: string): PresetPins {
  const { style, ...rest } = findPreset(preset).pagination;
  const isOpen = styleOf({ style })?.mayBeCounted === true;
  return isOpen ? { pins: rest, usual: style } : { pins: { style, ...rest }, usual: null };
}

interface PresetPins {
  readonly pins: Partial<Pagination>;
  /** The style of a list whose first page shows none: one without a next link is a whole list. */
  readonly usual: PaginationStyle | null;
}

/** Some APIs page only where the first request asks for it (`cursor=*`); the user's own value wins. */
export function withPresetBegin(start: PageRequest, preset: string): PageRequest {
  let { url } = start;
  for (const [name, value] of Object.entries(findPreset(preset).begin ?? {})) {
    if (getQueryParameter(url, name) === null) url = setQueryParameter(url, name, value);
  }
  return { ...start, url };
}

/** What an API wants besides, how it refuses, and how it fails with a 200; the user's own words win. */
export function withPresetOptions(options: ResolvedOptions, preset: string): ResolvedOptions {
  const { headers = {}, failWhen = null, refusals } = findPreset(preset);
  const given = new Set(options.headers.map(({ name }) => name));
  const added = Object.entries(headers)
    .map(([name, value]) => ({ name: name.toLowerCase(), value }))
    .filter(({ name }) => !given.has(name));
  const { inSuccess = false, pauseMs = null } = refusals ?? {};
  return {
    ...options,
    headers: [...options.headers, ...added],
    failWhen: options.failWhen ?? failWhen,
    refusals: { inSuccess, pauseMs },
  };
}
