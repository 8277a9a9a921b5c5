import { VERSION } from '../core/resolve-options.ts';
import { wrapText } from '../report/text-width.ts';
import { exitCodeMeanings } from './exit-code.ts';
import { type Verb, verbs } from './flags/verbs.ts';
import { type Flag, type FlagName, flagNamed, flagsOf } from './flags.ts';

/** Width of the screen that `-h` has to fit; 24 lines high. */
const helpColumns = 80;

/** Words in the place of a command. */
export const SAME_COMMAND = 'the same command again';

interface VerbHelp {
  readonly usage: string;
  /** One sentence. */
  readonly does: string;
  readonly examples: readonly (readonly [question: string, command: string])[];
}

export const verbHelp: Readonly<Record<Verb, VerbHelp>> = {
  fetch: {
    usage: "everypage [FLAGS] 'URL' | @urls.txt | -  [-o FILE]",
    does: 'Fetches every page, keeps it, checks it, and writes the records in page order. The same command resumes after a stop.',
    examples: [
      ['try it?', 'everypage demo'],
      ['get every page?', "everypage 'https://a.io/v1/items' -o a.ndjson"],
      ['get pages 1 to 500?', "everypage 'https://a.io/v1?page=[1-500]' -o a.ndjson"],
      ['keep only the records?', 'everypage @urls.txt -o a.json --select data.items'],
      ['send a token?', 'everypage @urls.txt -o a.json --bearer-env TOKEN'],
      ['resume after a stop?', SAME_COMMAND],
    ],
  },
  export: {
    usage: 'everypage export ARCHIVE [-o FILE] [FLAGS]',
    does: 'Writes the records of an archive again, with another selection or format, without the network.',
    examples: [
      ['another selection?', 'everypage export a.everypage -o b.json --select data'],
      ['a spreadsheet?', 'everypage export a.everypage -o a.csv --csv-bom'],
    ],
  },
  verify: {
    usage: 'everypage verify ARCHIVE [FLAGS]',
    does: 'Reads every stored page again, checks its hash and its JSON, and says whether every page is there.',
    examples: [
      ['is all of it there?', 'everypage verify a.everypage'],
      ['ask from a script?', 'everypage verify a.everypage --json'],
      ['are the outputs as written?', 'everypage verify --manifest a.sha256'],
    ],
  },
  report: {
    usage: 'everypage report ARCHIVE -o FILE',
    does: 'Draws a run as one HTML page that loads nothing: the verdict and its evidence, throughput, pauses, latency, pace, every attempt, and the pages that failed or were slow. Checks every stored page first.',
    examples: [
      ['see how a run went?', 'everypage report a.everypage -o report.html'],
      ['with the run?', 'everypage @urls.txt -o a.ndjson --report report.html'],
    ],
  },
  schema: {
    usage: 'everypage schema ARCHIVE [FLAGS]',
    does: 'Reads every record of an archive, and prints what they have in common as JSON Schema (2020-12) or as TypeScript types.',
    examples: [
      ['JSON Schema?', 'everypage schema a.everypage > a.schema.json'],
      ['TypeScript?', 'everypage schema a.everypage --ts > a.ts'],
    ],
  },
  head: {
    usage: "everypage head ARCHIVE | 'URL' [FLAGS]",
    does: 'Shows the first records: as a table on a terminal, else as NDJSON. For a URL it requests one page, and more only if that page has too few records. Keeps nothing.',
    examples: [
      ['look at a list?', "everypage head 'https://a.io/v1/items'"],
      ['look at an archive?', 'everypage head a.ndjson.everypage --rows 3'],
    ],
  },
  serve: {
    usage: 'everypage serve ARCHIVE [FLAGS]',
    does: 'Answers on this machine as the API did: statuses, headers and bodies, over HTTP/1.1 and HTTP/2. Links lead to this server; another page size or offset is answered from the stored records.',
    examples: [
      ['test my client?', 'everypage serve a.ndjson.everypage --listen 8080'],
      ['as slow as it was?', 'everypage serve a.ndjson.everypage --realtime'],
    ],
  },
  explain: {
    usage: "everypage explain 'URL' [FLAGS]",
    does: 'Finds out how the list at URL is paginated, with at most eight requests: the evidence, the size of the list, and the flags that say the same. Writes nothing.',
    examples: [
      ['see how it is paginated?', "everypage explain 'https://a.io/v1/items'"],
      ['ask from a script?', "everypage explain 'https://a.io/v1/items' --json"],
    ],
  },
  presets: {
    usage: 'everypage presets [NAME]',
    does: 'Lists the APIs whose pagination is known by name, or shows everything about one.',
    examples: [['use one?', "everypage 'https://a.io/items' --preset stripe -o a.ndjson"]],
  },
  archives: {
    usage: 'everypage archives [--clean]',
    does: 'Lists the archives of unfinished runs that write to standard output; the same command resumes such a run. They are removed by themselves: complete ones after a day, others after 30 days without a change.',
    examples: [
      ['see what is kept?', 'everypage archives'],
      ['remove all of it?', 'everypage archives --clean'],
    ],
  },
  worker: {
    usage: 'everypage worker --queue URL [FLAGS]',
    does: 'Fetches pages of a run that another machine began with --queue. It has its own credentials, and reads the rest from the queue. One limit holds for all machines.',
    examples: [
      ['help a run?', 'everypage worker --queue redis://host --bearer-env TOKEN'],
      ['end with it?', 'everypage worker --queue redis://host --run 5f0c2d9a1b3e'],
    ],
  },
  status: {
    usage: 'everypage status --queue URL [FLAGS]',
    does: 'Shows the runs of a queue: how many of their pages are done, how many failed, and who works for them.',
    examples: [['how far is it?', 'everypage status --queue redis://host']],
  },
  pause: {
    usage: 'everypage pause --queue URL [--run ID]',
    does: 'Stops all workers of a run from sending requests, until everypage resume. Requests in flight still end.',
    examples: [['hold it?', 'everypage pause --queue redis://host']],
  },
  resume: {
    usage: 'everypage resume --queue URL [--run ID | --store DIR]',
    does: 'Lets a paused run go on. With --store it rebuilds a run in a queue that has lost it; pages in the store are not fetched again.',
    examples: [
      ['go on?', 'everypage resume --queue redis://host'],
      ['an emptied queue?', 'everypage resume --queue redis://host --store DIR'],
    ],
  },
  cancel: {
    usage: 'everypage cancel --queue URL [--run ID]',
    does: 'Ends a run: its workers leave, and the queue forgets it. The store stays, and the command that began the run goes on with it.',
    examples: [['end it?', 'everypage cancel --queue redis://host']],
  },
  dashboard: {
    usage: 'everypage dashboard --queue URL [--listen PORT]',
    does: 'Shows the jobs of all runs of a queue in a browser, with Bull Board. It is read-only, listens on this machine only, and prints its address. The address holds a token: whoever has it can look.',
    examples: [['look at the jobs?', 'everypage dashboard --queue redis://host']],
  },
  demo: {
    usage: 'everypage demo [FLAGS]',
    does: 'Starts a local HTTP/2 API with faults and a rate limit, fetches all of it, and shows the first records.',
    examples: [['watch each page?', 'everypage demo -vv']],
  },
  completion: {
    usage: 'everypage completion bash|zsh|fish|powershell',
    does: 'Prints a script that lets the Tab key complete verbs, flags, values and files. One line loads it: in ~/.bashrc, in ~/.zshrc after compinit, in config.fish, or in the $PROFILE of PowerShell.',
    examples: [
      ['complete in bash?', 'eval "$(everypage completion bash)"'],
      ['complete in zsh?', 'eval "$(everypage completion zsh)"'],
      ['complete in fish?', 'everypage completion fish | source'],
      ['in PowerShell?', 'everypage completion powershell | Out-String | iex'],
    ],
  },
};

/** What values with a unit look like. */
export const unitsHelp: readonly string[] = [
  'TIME is 500ms, 90s, 5m, 1h or 1d; a bare number is seconds.',
  'SIZE is 123, 10k, 64MiB or 1G; a bare number is bytes.',
];

/** For verbs with more flags than fit a screen. */
const oftenUsed: Readonly<Partial<Record<Verb, readonly FlagName[]>>> = {
  fetch: ['output', 'select', 'header', 'bearer-env', 'concurrency', 'allow-incomplete', 'verbose'],
  export: ['output', 'format', 'select', 'pages', 'columns', 'csv-safe', 'allow-incomplete'],
  head: ['rows', 'select', 'pages', 'paginate', 'preset', 'header', 'bearer-env', 'color'],
  explain: ['paginate', 'preset', 'header', 'bearer-env', 'data', 'json'],
  worker: ['queue', 'store', 'run', 'bearer-env', 'header', 'concurrency', 'verbose'],
};

/** `-h`: at most 24 lines of at most 80 columns. */
export function shortHelp(verb: Verb): string {
  const { usage, examples, does } = verbHelp[verb];
  const questions = examples.map(([question, command]) => ({ left: question, right: command }));
  const shown = oftenUsed[verb]?.map(flagNamed) ?? flagsOf(verb);
  const lines =
    verb === 'fetch'
      ? [`usage: ${usage}`, wrapText(`verbs: ${verbs.slice(1).join(' ')}`, helpColumns), '']
      : [`usage: ${usage}`, '', wrapText(does, helpColumns), ''];
  lines.push(
    'how do I...',
    ...twoColumns(questions),
    '',
    verb in oftenUsed ? 'flags used most' : 'flags',
    ...twoColumns(shown.map((flag) => ({ left: flagLabel(flag, '    '), right: flag.help }))),
    '',
    verb === 'fetch'
      ? 'everypage --help explains every flag, everypage VERB -h a verb.'
      : `everypage ${verb} --help explains every flag.`,
  );
  return `${lines.join('\n')}\n`;
}

/** `--help`: every flag of the verb with its explanation, the exit codes, examples. */
export function longHelp(verb: Verb): string {
  const { usage, does, examples } = verbHelp[verb];
  const lines = [`everypage ${VERSION}`, '', `usage: ${usage}`];
  if (verb === 'fetch') {
    for (const other of verbs.slice(1)) {
      lines.push(`       ${verbHelp[other].usage}`);
    }
  }
  lines.push('', wrapText(does, helpColumns), '', 'How do I...');
  for (const [question, command] of examples) lines.push(`  ${question}`, `      ${command}`);
  for (const { group, members } of groupedFlags(flagsOf(verb))) {
    lines.push('', group);
    for (const flag of members) {
      lines.push(`  ${flagLabel(flag, '    ')}`);
      lines.push(wrapText(`        ${flagText(flag)}`, helpColumns));
    }
  }
  if (verb === 'fetch') {
    lines.push('', ...unitsHelp);
  }
  lines.push('', 'Exit codes');
  for (const [code, meaning] of exitCodeMeanings) {
    lines.push(wrapText(`  ${code.padEnd(5)} ${meaning}`, helpColumns));
  }
  return `${lines.join('\n')}\n`;
}

/** Under their headings, in the order of the table. */
export function groupedFlags(
  own: readonly Flag[],
): readonly { readonly group: string; readonly members: readonly Flag[] }[] {
  return [...new Set(own.map(({ group }) => group))].map((group) => ({
    group,
    members: own.filter((flag) => flag.group === group),
  }));
}

/** `-o, --output FILE` */
export function flagLabel({ name, short, value, bare }: Flag, indent = ''): string {
  const names = short === null ? `${indent}--${name}` : `-${short}, --${name}`;
  if (value === null) return names;
  return bare === null ? `${names} ${value.name}` : `${names}[=${value.name}]`;
}

/** The line, the explanation and the environment variable as sentences. */
export function flagText(flag: Flag): string {
  const sentences = [`${flag.help.slice(0, 1).toUpperCase()}${flag.help.slice(1)}.`];
  if (flag.detail !== '') sentences.push(flag.detail);
  if (flag.env !== null) sentences.push(`Also from ${flag.env}.`);
  return sentences.join(' ');
}

function twoColumns(rows: readonly { readonly left: string; readonly right: string }[]): string[] {
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
}
