/**
 * A layer of failing files under a command: loaded before it with `--import`, also in its threads, it
 * lets one call of `node:fs` fail as a disk would. EVERYPAGE_FAILING_DISK says which, as JSON.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

export interface DiskFault {
  /** Of `node:fs`. */
  readonly call: (typeof patched)[number];
  /** The end of the file's path; `/` for the folder that the command works in. */
  readonly suffix: string;
  /** From 1; every later call fails too, as on a disk that stays full. */
  readonly nth: number;
  readonly code: string;
}

const patched = [
  'openSync',
  'writeSync',
  'fsyncSync',
  'closeSync',
  'renameSync',
  'rmSync',
] as const;

const fault = JSON.parse(process.env['EVERYPAGE_FAILING_DISK'] ?? 'null') as DiskFault | null;
if (fault !== null) failAt(fault);

function failAt({ call, suffix, nth, code }: DiskFault): void {
  const paths = new Map<unknown, string>();
  let calls = 0;
  const fail = (path: string): void => {
    const isMeant = suffix === '/' ? path === process.cwd() || path === '.' : path.endsWith(suffix);
    if (!isMeant) return;
    calls += 1;
    if (calls >= nth) throw Object.assign(new Error(`${code}: as told, ${path}`), { code });
  };
  const layer = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of patched) {
    const original = layer[name]!;
    layer[name] = (...args) => {
      const path = typeof args[0] === 'number' ? paths.get(args[0]) : String(args[0]);
      // A file that cannot be closed has been let go of nevertheless (close(2)).
      if (name === call && name === 'closeSync') original(...args);
      if (name === call && path !== undefined) fail(path);
      const result = name === call && name === 'closeSync' ? undefined : original(...args);
      if (name === 'openSync') paths.set(result, String(args[0]));
      if (name === 'closeSync') paths.delete(args[0]);
      return result;
    };
  }
  syncBuiltinESMExports();
}
