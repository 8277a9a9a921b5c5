import { exitCodeMeanings } from '../../src/cli/exit-code.ts';
import { verbs } from '../../src/cli/flags/verbs.ts';
import { flagsOf } from '../../src/cli/flags.ts';
import { flagLabel, flagText, groupedFlags, SAME_COMMAND, verbHelp } from '../../src/cli/help.ts';

/** The text of docs/cli.md. */
export function cliDocs(): string {
  const lines = [
    '<!-- Generated from src/cli/flags.ts by `npm run docs`. Change the table there, not this page. -->',
    '',
    '# The command line',
    '',
    'Data goes to standard output, everything else to standard error.',
  ];
  for (const verb of verbs) {
    const { usage, does, examples } = verbHelp[verb];
    lines.push('', `## ${verb === 'fetch' ? 'everypage' : `everypage ${verb}`}`, '');
    lines.push('```', usage, '```', '', escapeCell(does), '', '| how do I… | |', '|---|---|');
    for (const [question, command] of examples) {
      const cell = escapeCell(command);
      const shown = command === SAME_COMMAND ? cell : `\`${cell}\``;
      lines.push(`| ${escapeCell(question)} | ${shown} |`);
    }
    for (const { group, members } of groupedFlags(flagsOf(verb))) {
      lines.push('', `### ${group}`, '', '| flag | meaning |', '|---|---|');
      for (const flag of members) {
        lines.push(`| \`${flagLabel(flag)}\` | ${escapeCell(flagText(flag))} |`);
      }
    }
  }
  lines.push(
    '',
    'TIME is `500ms`, `90s`, `5m`, `1h` or `1d`; a bare number is seconds. SIZE is `123`, `10k`, `64MiB` or `1G`; a bare number is bytes.',
  );
  lines.push('', '## Exit codes', '', '| code | meaning |', '|---|---|');
  for (const [code, meaning] of exitCodeMeanings)
    lines.push(`| ${code} | ${escapeCell(meaning)} |`);
  return `${lines.join('\n')}\n`;
}

/** A `|` would end the cell. */
function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
