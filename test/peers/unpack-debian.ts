/**
 * Debian packages, unpacked below the cache folder and not installed: that needs no rights, and nothing
 * on the machine changes. What the machine has already is not fetched again.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CannotInstall, cacheFolder } from './install.ts';

const LIMIT_MS = 300_000;

export interface Unpacked {
  /** Stands for `/`. */
  readonly root: string;
  /** With the version, as apt has it. */
  readonly version: (name: string) => string;
}

/** Throws CannotInstall where there is no apt, or it does not give them. */
export function unpackDebian(names: readonly string[]): Unpacked {
  const folder = cacheFolder(`debian-${names.join('-')}`);
  const root = join(folder, 'root');
  const list = join(folder, 'packages');
  if (!existsSync(list)) {
    console.log(`unpacking ${names.join(' ')} from Debian …`);
    try {
      const wanted = missing(names);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(root, { recursive: true });
      if (wanted.length > 0) run('apt-get', ['download', '-qq', ...wanted], folder);
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
        run('dpkg-deb', ['-x', file, 'root'], folder);
        rmSync(join(folder, file));
      }
      mendLinks(root);
      writeFileSync(list, wanted.join('\n'));
    } catch (error) {
      throw new CannotInstall(`Debian does not give ${names}: ${(error as Error).message}`);
    }
  }
  const packages = readFileSync(list, 'utf8').split('\n');
  const version = (name: string): string =>
    packages.find((line) => line.startsWith(`${name}=`))?.replace(/^.*=(?:\d+:)?/, '') ??
    'installed';
  return { root, version };
}

/** What apt would install for these, as `name=version`. It only says so. */
function missing(names: readonly string[]): readonly string[] {
  const said = run('apt-get', ['-s', 'install', '--no-install-recommends', ...names]);
  const lines = said.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+) /gm);
  // MediaWiki asks for a web server; PHP is one itself.
  const isNeeded = ([, name = '']: RegExpExecArray): boolean =>
    !/^(?:lib)?apache2|^fonts-/.test(name);
  return [...lines].filter(isNeeded).map(([, name, version]) => `${name}=${version}`);
}

function run(command: string, args: readonly string[], cwd?: string): string {
  const options = { encoding: 'utf8', timeout: LIMIT_MS, maxBuffer: 1e8 } as const;
  return execFileSync(command, args, {
    ...options,
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Links that lead out to the machine's own root lead to the same place in this one. */
function mendLinks(root: string): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = readlinkSync(path);
    if (!target.startsWith('/') || !existsSync(join(root, target))) continue;
    rmSync(path);
    symlinkSync(join(root, target), path);
  }
}
