import { createPainter } from './paint.ts';

/** What is said of a preset. */
export interface PresetFacts {
  readonly name: string;
  readonly title: string;
  readonly hosts: readonly string[];
  readonly pagination: Readonly<Record<string, unknown>>;
  readonly failWhen?: string;
  readonly limits: string;
  readonly traps: readonly string[];
  readonly source: 'documented' | 'recalled';
}

/** A line a preset, or everything about each. Without a newline at its end. */
export function presetsText(
  presets: readonly PresetFacts[],
  isDetailed: boolean,
  color: boolean,
): string {
  const paint = createPainter(color);
  if (isDetailed) return presets.map((preset) => detailOf(preset, paint)).join('\n\n');
  const width = Math.max(...presets.map(({ name }) => name.length));
  return presets
    .map(({ name, title, pagination }) => {
      return `${paint('bold', name.padEnd(width))}  ${title} ${paint('dim', `(${String(pagination['style'])})`)}`;
    })
    .join('\n');
}

function detailOf(preset: PresetFacts, paint: ReturnType<typeof createPainter>): string {
  const { name, title, hosts, pagination, failWhen, limits, traps, source } = preset;
  const lines = [`${paint('bold', name)}  ${title}`];
  if (hosts.length > 0) lines.push(`  hosts   ${hosts.join(', ')}`);
  for (const [key, value] of Object.entries(pagination)) {
    lines.push(`  ${paint('dim', key)}  ${JSON.stringify(value)}`);
  }
  if (failWhen !== undefined) lines.push(`  ${paint('dim', 'fail-when')}  ${failWhen}`);
  lines.push(`  limits  ${limits}`, ...traps.map((trap) => `  beware  ${trap}`));
  const from =
    source === 'documented' ? "the vendor's documentation" : 'memory; check the first page';
  lines.push(paint('dim', `  from    ${from}`));
  return lines.join('\n');
}
