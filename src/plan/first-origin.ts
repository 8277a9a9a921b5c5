import type { PlanSource } from './plan.ts';
import { parseUrlTemplate } from './url-template.ts';

/** Origin of the first page where an argument tells it without reading a list; else null. */
export function firstOrigin(sources: readonly PlanSource[]): string | null {
  const first = sources[0];
  if (first?.kind === 'template') return originOf(parseUrlTemplate(first.text).at(0));
  return first?.kind === 'literal' ? originOf(first.text) : null;
}

/** What is no URL of the web is told later, with what it may have been meant to be. */
function originOf(text: string): string | null {
  // `http:///x` would be read as the host x.
  if (/^\s*https?:\/\/[/\\]/i.test(text)) return null;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? url.origin : null;
}
