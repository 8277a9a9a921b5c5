import { usageError } from '../core/errors.ts';
import type { TableOptions } from '../core/table-options.ts';
import { isExpression, parseSelection, readRecordExpressions } from '../decode/decode.ts';
import { readPinnedTypes } from '../schema/schema.ts';
import { isMadeOfBytes, isTable } from './choose-format.ts';
import type { OutputForm } from './format.ts';

/**
 * Throws `EverypageError`: `USAGE` where flags of tables are given and no output is one, or a column is
 * an expression; `SELECTION` where its path cannot be read.
 */
export function checkTable(
  options: TableOptions,
  forms: readonly OutputForm[],
  hasSink = false,
): void {
  const { columns, csvSafe, csvBom, csvDelimiter, nested, table, ifExists } = options;
  const { schema, provenance } = options;
  if (readRecordExpressions(options) !== null && forms.length === 0 && !hasSink) {
    throw usageError(
      '--where and --fields shape an output, and there is none; name one, such as -o items.csv',
    );
  }
  for (const { name, path } of columns ?? []) {
    parseSelection(path);
    if (!isExpression(path)) continue;
    throw usageError(
      `the column ${name} is an expression, ${path}; a column takes a dotted path, and --fields an expression`,
    );
  }
  if (schema !== null) readPinnedTypes(schema);
  const ofTables = Object.entries({
    '--columns': columns !== null,
    '--schema': schema !== null,
    '--nested': nested !== 'typed',
    '--provenance': provenance,
  });
  const [ofTable] = ofTables.find(([, isSaid]) => isSaid) ?? [];
  if (ofTable !== undefined && !forms.some(({ format }) => isTable(format))) {
    throw usageError(
      `${ofTable} is for tables, and no output is one; name one, such as -o items.csv or -o items.parquet`,
    );
  }
  if ((table !== null || ifExists !== null) && forms.every(isMadeOfBytes)) {
    throw usageError(
      '--table and --if-exists are for databases, and no output is one; give -o items.db',
    );
  }
  const isOfCsv = csvSafe || csvBom || csvDelimiter !== ',';
  if (isOfCsv && !forms.some(({ format }) => format === 'csv' || format === 'tsv')) {
    throw usageError(
      'the CSV settings are for .csv and .tsv, and no output is one; name one, or give -f csv',
    );
  }
}
