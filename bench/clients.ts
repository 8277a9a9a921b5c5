/** The clients that are compared: how each is called, and how its result is checked. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Expected, hashOfFile, hashOfFiles, type SetName } from './pages.ts';

export interface Job extends Expected {
  readonly origin: string;
  readonly set: SetName;
  readonly pages: number;
  readonly concurrency: number;
  readonly caFile: string;
  /** For all that the client writes; removed after the run. */
  readonly folder: string;
}

export interface Client {
  readonly name: string;
  /** What it does with the bodies. */
  readonly writes: string;
  /** Null where it is not installed, with the way to it in `missing`. */
  readonly version: string | null;
  readonly missing: string;
  prepare(job: Job): { command: string; args: string[] };
  /** Why the run is void, or null. `stdout` is the client's. */
  verify(job: Job, stdout: string): string | null;
}

function versionOf(command: string, args: string[], pattern: RegExp): string | null {
  try {
    return (
      pattern.exec(execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }))?.[0] ?? null
    );
  } catch {
    return null;
  }
}

const filesFolder = (job: Job): string => join(job.folder, 'files');
const range = (job: Job): string => `${job.origin}/${job.set}/[1-${job.pages}].json`;

function compare(hash: () => string, job: Job): string | null {
  try {
    return hash() === job.expectedHash ? null : 'the pages differ from the source';
  } catch (error) {
    return `pages are missing: ${(error as Error).message}`;
  }
}

const launcher = new URL('../bin/everypage.cjs', import.meta.url).pathname;

const everypage: Client = {
  name: 'everypage',
  writes: 'one NDJSON file in order, checked as JSON, by way of an archive',
  version: existsSync(launcher) && existsSync(new URL('../dist', import.meta.url)) ? 'dist' : null,
  missing: 'npm run build',
  prepare: (job) => ({
    command: process.execPath,
    args: [
      ...[launcher, range(job), '-c', String(job.concurrency)],
      ...['-o', join(job.folder, 'out.ndjson'), '--cacert', job.caFile],
      ...['-q', '--fresh', '--no-keep'],
    ],
  }),
  verify: (job) => compare(() => hashOfFile(join(job.folder, 'out.ndjson')), job),
};

function curl(name: string, toFiles: boolean): Client {
  return {
    name,
    writes: toFiles ? 'one file a page' : 'nothing',
    version: versionOf('curl', ['--version'], /curl \S+/),
    missing: 'apt install curl',
    prepare: (job) => {
      mkdirSync(filesFolder(job));
      return {
        command: 'curl',
        args: [
          ...['-q', '-sS', '--no-progress-meter', '-Z', '--parallel-max', String(job.concurrency)],
          ...['--http2', '--noproxy', '*', '--cacert', job.caFile],
          ...['-w', '%{http_code} %{http_version} %{size_download} %{num_connects}\\n'],
          ...['-o', toFiles ? join(filesFolder(job), '#1.json') : '/dev/null', range(job)],
        ],
      };
    },
    verify: (job, stdout) => {
      let bytes = 0;
      let whole = 0;
      for (const line of stdout.split('\n')) {
        const [status, version, size] = line.split(' ');
        if (status === '200' && version === '2') whole += 1;
        bytes += Number(size ?? 0);
      }
      if (whole !== job.pages) return `${whole} of ${job.pages} pages were 200 over HTTP/2`;
      if (bytes !== job.expectedBytes) return `${bytes} bytes came, not ${job.expectedBytes}`;
      return toFiles ? compare(() => hashOfFiles(filesFolder(job), job.pages), job) : null;
    },
  };
}

const python = '/usr/bin/python3';
const httpx: Client = {
  name: 'httpx',
  writes: 'one file a page',
  version: versionOf(
    python,
    ['-c', 'import h2, httpx; print("httpx", httpx.__version__, "h2", h2.__version__)'],
    /.+/,
  ),
  missing: 'apt install python3-httpx python3-h2',
  prepare: (job) => {
    mkdirSync(filesFolder(job));
    return {
      command: python,
      args: [
        new URL('./httpx_client.py', import.meta.url).pathname,
        `${job.origin}/${job.set}/{}.json`,
        ...[String(job.pages), String(job.concurrency), job.caFile, filesFolder(job)],
      ],
    };
  },
  verify: (job) => compare(() => hashOfFiles(filesFolder(job), job.pages), job),
};

const h2load: Client = {
  name: 'h2load',
  writes: 'nothing, keeps nothing: the ceiling of one connection',
  version: versionOf('h2load', ['--version'], /\S+\/\S+/),
  missing: 'apt install nghttp2-client',
  prepare: (job) => {
    const list = join(job.folder, 'urls.txt');
    const urls = Array.from(
      { length: job.pages },
      (_, at) => `${job.origin}/${job.set}/${at + 1}.json`,
    );
    writeFileSync(list, `${urls.join('\n')}\n`);
    return {
      command: 'h2load',
      args: ['-n', String(job.pages), '-c', '1', '-m', String(job.concurrency), '-i', list],
    };
  },
  verify: (job, stdout) =>
    stdout.includes(` ${job.pages} succeeded`) && stdout.includes(`${job.expectedBytes}) data`)
      ? null
      : 'not every request succeeded whole',
};

export const clients: readonly Client[] = [
  everypage,
  curl('curl to files', true),
  curl('curl to null', false),
  httpx,
  h2load,
];

/** Lines that say why a void run is void. */
export function lastLines(path: string): string {
  return existsSync(path)
    ? readFileSync(path, 'utf8').trim().split('\n').slice(-3).join(' | ')
    : '';
}
