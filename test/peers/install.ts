/** The servers' own packages from the npm registry, none of them a dependency of the project. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const FOLDER = import.meta.dirname;
const INSTALL_LIMIT_MS = 900_000;

/** Thrown where a server cannot be had on this machine: that is said, and is no failure of everypage. */
export class CannotInstall extends Error {}

/** What is installed beside the project stays here from one run to the next. */
export function cacheFolder(name: string): string {
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL does not run as root, and nobody else may read what lies in root's home.
  const home = isRoot ? '/var/cache' : join(homedir(), '.cache');
  const folder = join(process.env['XDG_CACHE_HOME'] ?? home, 'everypage-peers', name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Does nothing where the lock file has not changed since. No script of any package is run. */
export function installPeers(): void {
  if (isInstalled()) return;
  console.log('installing the servers (npm ci in test/peers) …');
  npm(['ci', '--prefix', FOLDER], FOLDER);
}

/**
 * A folder with these packages, each with its version. Large servers stand here and not in the lock
 * file: they are installed only where they are asked for.
 *
 * Throws CannotInstall where the registry does not give them.
 */
export function npmFolder(name: string, packages: readonly string[]): string {
  const folder = cacheFolder(name);
  const mark = join(folder, 'installed.json');
  const wanted = JSON.stringify(packages);
  if (readOrEmpty(mark) === wanted) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  console.log(`installing ${packages.join(' ')} …`);
  try {
    npm(['install', '--legacy-peer-deps', ...packages], folder);
  } catch (error) {
    throw new CannotInstall(`npm does not give ${packages.join(' ')}: ${(error as Error).message}`);
  }
  writeFileSync(mark, wanted);
  return folder;
}

function npm(args: readonly string[], cwd: string): void {
  // Under `npm run` its own path is known, which spares a search and a shell on Windows.
  const own = process.env['npm_execpath'];
  const [command, ...first] = own === undefined ? ['npm'] : [process.execPath, own];
  const all = [...first, ...args, '--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync(command!, all, { stdio: 'inherit', cwd, timeout: INSTALL_LIMIT_MS });
}

function isInstalled(): boolean {
  try {
    const mark = statSync(join(FOLDER, 'node_modules/.package-lock.json'));
    return mark.mtimeMs >= statSync(join(FOLDER, 'package-lock.json')).mtimeMs;
  } catch {
    return false;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Its own name and version, as they stand in its package.json. */
export function installedName(name: string, folder = FOLDER): string {
  const file = join(folder, 'node_modules', name, 'package.json');
  const said = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  return `${said['name']} ${said['version']}`;
}
