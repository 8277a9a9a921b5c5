/** What `-o` names, as targets of an export. */
import type { ExportTarget, FileTarget } from '../archive-thread/messages.ts';
import { usageError } from '../core/errors.ts';
import type { FormatName } from '../core/options.ts';
import { sinkAt } from '../core/record-sink.ts';
import type { TableOptions } from '../core/table-options.ts';
import { checkTable } from '../export/check-table.ts';
import { outputForm } from '../export/choose-format.ts';
import { checkSink } from '../export/load-sink.ts';

/** Blocks of bytes for who has asked for no file. */
export function bytesTarget(format: FormatName | null, table: TableOptions): ExportTarget {
  const form = outputForm(null, format);
  checkTable(table, [form]);
  return { kind: 'bytes', ...form };
}

/**
 * One target for each output but those that are the archive alone.
 *
 * @throws EverypageError USAGE where an output, or a flag of tables, is invalid
 */
export function exportTargets(
  outputs: readonly string[],
  format: FormatName | null,
  table: TableOptions,
): readonly ExportTarget[] {
  const targets = outputs.flatMap((output): ExportTarget[] => {
    const sink = sinkAt(output);
    if (sink !== null) {
      checkSink(sink);
      return [{ kind: 'sink', ...sink }];
    }
    const form = outputForm(output, format);
    return form === null ? [] : [{ kind: 'file', path: output, ...form }];
  });
  const files = targets.filter((target): target is FileTarget => target.kind === 'file');
  if (format !== null && files.length === 0 && targets.length > 0) {
    throw usageError(`a sink takes records, which have no format; leave out -f ${format}`);
  }
  checkTable(table, files, targets.length > files.length);
  return targets;
}
