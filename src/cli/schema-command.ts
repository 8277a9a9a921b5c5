import { archiveSchema } from '../api/archive-schema.ts';
import { escapeText } from '../core/escape.ts';
import { asciiJson } from '../report/json-log.ts';
import { jsonSchemaOf, typeScriptOf } from '../schema/schema.ts';
import { type CliContext, openScreen, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { onlyArchive } from './only-archive.ts';
import { optionsOfTable } from './run-options.ts';
import type { TypedArguments } from './typed-arguments.ts';

/** `everypage schema ARCHIVE`: the types of its records, for a program or for another tool. */
export async function schemaCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const path = onlyArchive(typed);
  const { schema, isOfAll } = await archiveSchema(path, optionsOfTable(typed));
  if (!isOfAll) {
    openScreen(typed, context).line(
      `${escapeText(path)} is not complete: records that are missing may have other types.`,
    );
  }
  const text = typed.has('ts') ? typeScriptOf(schema) : `${asciiJson(jsonSchemaOf(schema), 2)}\n`;
  await writeOut(context, text);
  return 0;
}
