import { nearest } from '../core/nearest.ts';
import { type Preset, presets } from '../index.ts';
import { traps } from '../plan/presets.ts';
import { asciiJson } from '../report/json-log.ts';
import { createPainter } from '../report/paint.ts';
import { type CliContext, describeTerminal, fitTerminal, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';

/** `everypage presets [NAME]`: the named APIs, or all that is known of one. */
export async function presetsCommand(
  typed: TypedArguments,
  context: CliContext,
): Promise<ExitCode> {
  const [name, second] = typed.positionals;
  if (second !== undefined) {
    throw new UsageError('everypage presets takes one name, or none', ['presets', name!]);
  }
  const shown = name === undefined ? presets : presets.filter((preset) => preset.name === name);
  if (shown.length === 0) {
    const near = nearest(
      name!,
      presets.map((preset) => preset.name),
    );
    throw new UsageError(
      `there is no preset ${name}; everypage presets lists them`,
      near === null ? ['presets'] : ['presets', near],
    );
  }
  const facts = describeTerminal(context.stdout, context.env, typed.value('color'));
  const text = typed.has('json')
    ? asciiJson(shown, 2)
    : fitTerminal(context.stdout, context.env, presetsText(shown, name !== undefined, facts.color));
  await writeOut(context, `${text}\n`);
  return 0;
}

/** A line a preset, or everything about each. Without a newline at its end. */
function presetsText(presets: readonly Preset[], isDetailed: boolean, color: boolean): string {
  const paint = createPainter(color);
  if (isDetailed) return presets.map((preset) => detailOf(preset, paint)).join('\n\n');
  const width = Math.max(...presets.map(({ name }) => name.length));
  return presets
    .map(({ name, title, pagination }) => {
      return `${paint('bold', name.padEnd(width))}  ${title} ${paint('dim', `(${pagination.style})`)}`;
    })
    .join('\n');
}

function detailOf(preset: Preset, paint: ReturnType<typeof createPainter>): string {
  const { name, title, hosts, pagination, begin, headers, failWhen, source } = preset;
  const lines = [`${paint('bold', name)}  ${title}`];
  const rows: [label: string, text: string][] = [];
  if (hosts.length > 0) rows.push(['hosts', hosts.join(', ')]);
  for (const [key, value] of Object.entries(pagination)) rows.push([key, JSON.stringify(value)]);
  for (const [key, value] of Object.entries(begin ?? {})) rows.push(['begins', `${key}=${value}`]);
  for (const [key, value] of Object.entries(headers ?? {}))
    rows.push(['header', `${key}: ${value}`]);
  if (failWhen !== undefined) rows.push(['fail-when', failWhen]);
  for (const trap of preset.traps ?? []) rows.push(['trap', traps[trap]]);
  const from =
    source === 'documented' ? "the vendor's documentation" : 'memory; check the first page';
  rows.push(['source', from]);
  const width = Math.max(...rows.map(([label]) => label.length));
  lines.push(...rows.map(([label, text]) => `  ${paint('dim', label.padEnd(width))}  ${text}`));
  return lines.join('\n');
}
