import { listenAddress, oneOf, path, pathOrStdout, whole } from '../flag-values.ts';
import { group } from './group.ts';
import { verbs } from './verbs.ts';

export const messages = group('Messages', ['fetch', 'demo', 'worker'], {
  verbose: {
    short: 'v',
    help: 'one line for each page; -vv also retries and pauses',
  },
  quiet: {
    short: 'q',
    help: 'print nothing unless something is wrong',
    verbs: ['fetch', 'export', 'verify', 'report', 'serve', 'worker'],
  },
  progress: {
    env: 'EVERYPAGE_PROGRESS',
    value: oneOf('HOW', ['auto', 'plain', 'none']),
    standard: 'auto',
    help: 'how to show progress: auto, plain or none',
    detail:
      'auto draws a bar on a terminal, and prints a line every 10 s elsewhere. plain always prints lines.',
  },
  color: {
    env: 'EVERYPAGE_COLOR',
    value: oneOf('WHEN', ['auto', 'always', 'never']),
    bare: 'always',
    standard: 'auto',
    help: 'when to colour: auto, always or never',
    detail:
      '`--color` alone means always. auto uses colour on a terminal, and elsewhere if FORCE_COLOR or CLICOLOR_FORCE is set; NO_COLOR turns it off.',
    verbs,
  },
  'log-format': {
    env: 'EVERYPAGE_LOG_FORMAT',
    value: oneOf('FMT', ['json']),
    help: 'log format: json, one object for each event on stderr',
    detail: 'It replaces progress, page lines and summary.',
    verbs: ['fetch'],
  },
  metrics: {
    value: listenAddress,
    help: 'serve metrics for Prometheus while the run goes on',
    detail:
      'At http://127.0.0.1:PORT/metrics, or at another host: `--metrics 9464`, `--metrics 0.0.0.0:9464`. OpenTelemetry needs no flag: see docs/telemetry.md.',
    single: 'there is one place for metrics',
    verbs: ['fetch'],
  },
  summary: {
    value: pathOrStdout('summary.json'),
    help: 'file for the verdict and all numbers, as JSON',
    detail: '`-` is standard output; the records then need a file, -o.',
    single: 'there is one summary',
    verbs: ['fetch'],
  },
  report: {
    value: path('report.html'),
    help: 'file for a picture of the run: one HTML page',
    detail:
      'Verdict, throughput, pauses, latency, pace and every attempt, drawn in a page that loads nothing. `everypage report ARCHIVE` makes it later. docs/report.md shows one.',
    single: 'there is one report',
    verbs: ['fetch'],
  },
  ui: {
    value: { ...whole(8080, 0, 65_535), name: 'PORT' },
    bare: '0',
    help: 'look at the run in a browser, pause it, change its pace',
    detail:
      'Prints a URL on stderr that only this machine can open, and that holds a token: whoever has it controls the run. Without PORT a free one is taken. docs/report.md shows the page.',
    single: 'there is one page',
    verbs: ['fetch'],
  },
  json: {
    help: 'print the result as JSON on stdout',
    detail: 'JSON Schemas: docs/schemas. The records of a fetch or an export then need a file, -o.',
    verbs: verbs.filter(
      (verb) =>
        ![
          'completion',
          'report',
          'serve',
          'worker',
          'pause',
          'resume',
          'cancel',
          'dashboard',
        ].includes(verb),
    ),
    excludes: {
      summary: 'both are the summary; --json is --summary -',
      ts: 'one prints a JSON Schema, the other TypeScript',
    },
  },
  listen: {
    value: listenAddress,
    help: 'where to listen; default 127.0.0.1:8080',
    detail:
      'A port, or a host and a port; port 0 is a free one. Any host but the default lets other machines read the archive. A dashboard listens on 127.0.0.1 only, by default on a free port.',
    verbs: ['serve', 'dashboard'],
  },
  tls: {
    value: path('ca.pem'),
    help: 'serve https; FILE gets the certificate authority',
    detail:
      'The certificate is made for this server, and is not kept. Tell a client to trust the authority: `--cacert ca.pem`.',
    verbs: ['serve'],
  },
  realtime: {
    help: 'as slow as it was, with its failures and limits',
    detail:
      'Each request for a page gets the next attempt that was recorded: its status, its duration and its `Retry-After`. The last one is repeated.',
    verbs: ['serve'],
  },
  'as-stored': {
    help: 'keep links to the recorded API in bodies and headers',
    detail: 'Without it they become links to this server.',
    verbs: ['serve'],
  },
  clean: {
    help: 'remove the archives that are listed',
    detail: 'Archives in use stay. A run whose archive is removed starts again.',
    verbs: ['archives'],
  },
  ts: {
    help: 'print TypeScript types instead of JSON Schema',
    verbs: ['schema'],
  },
  help: {
    short: 'h',
    help: '-h is short, --help explains every flag',
    detail: 'After a verb, the help of that verb.',
    verbs,
  },
  version: {
    short: 'V',
    help: 'print the version',
    verbs,
  },
});
