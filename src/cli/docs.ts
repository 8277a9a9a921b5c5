import { exitCodeMeanings } from './exit-code.ts';
import { type Flag, verbs } from './flags.ts';
import { flagText, groupedFlags, verbHelp } from './help.ts';

/** docs/cli.md as it has to be. */
export function cliDocs(): string {
  const lines = [
    '<!-- Made from src/cli/flags.ts by scripts/write-cli-docs.ts; change those and run it again. -->',
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
      lines.push(`| ${escapeCell(question)} | \`${command.replaceAll('|', '\\|')}\` |`);
    }
    for (const { group, members } of groupedFlags(verb)) {
      lines.push('', `### ${group}`, '', '| flag | meaning |', '|---|---|');
      for (const flag of members) {
        lines.push(`| \`${docsLabel(flag)}\` | ${escapeCell(flagText(flag))} |`);
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

function docsLabel(flag: Flag): string {
  const names = flag.short === null ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
  return flag.metavar === null ? names : `${names} ${flag.metavar}`;
}

/** `a|b` would end the cell; what stands in backticks keeps its angle brackets as it is. */
function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
