import type { PlanSource } from './plan.ts';
import { parseUrlTemplate } from './url-template.ts';

/** Origin of the first page where an argument tells it without reading a list; else null. */
export function firstOrigin(sources: readonly PlanSource[]): string | null {
  const first = sources[0];
  if (first?.kind === 'template') return originOf(parseUrlTemplate(first.text).at(0));
  return first?.kind === 'literal' ? originOf(first.text) : null;
}

function originOf(text: string): string | null {
  // Without a host, which is refused later.
  if (/^\s*https?:\/\/[/\\]/i.test(text)) return null;
  return URL.parse(text)?.origin ?? null;
}
