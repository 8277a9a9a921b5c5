/** The servers' own dependencies, beside the project's: `npm ci` of the project stays light. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = import.meta.dirname;

/** Does nothing where the lock file has not changed since. No script of any package is run. */
export function installPeers(): void {
  if (isInstalled()) return;
  console.log('installing the servers (npm ci in test/peers) …');
  const args = ['ci', '--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund'];
  // Under `npm run` its own path is known, which spares a search and a shell on Windows.
  const npm = process.env['npm_execpath'];
  const [command, ...first] = npm === undefined ? ['npm'] : [process.execPath, npm];
  execFileSync(command!, [...first, ...args], { stdio: 'inherit', cwd: FOLDER });
}

function isInstalled(): boolean {
  try {
    const mark = statSync(join(FOLDER, 'node_modules/.package-lock.json'));
    return mark.mtimeMs >= statSync(join(FOLDER, 'package-lock.json')).mtimeMs;
  } catch {
    return false;
  }
}

/** Its own name and version, as they stand in its package.json. */
export function installedName(folder: string): string {
  const file = join(FOLDER, 'node_modules', folder, 'package.json');
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  return `${name} ${version}`;
}
