/** MediaWiki of Debian on PHP's own web server, over SQLite. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningPeer } from './peer.ts';
import { environment, startOnPort } from './start-server.ts';
import { unpackDebian } from './unpack-debian.ts';

/** With the main page, which MediaWiki makes itself. */
export const wikiPages = 131;

const EXTENSIONS = 'ctype fileinfo iconv intl mbstring pdo pdo_sqlite posix sqlite3 tokenizer dom';
const XML = 'xml simplexml xmlreader xmlwriter';

/** No write is to survive a power cut here. */
const SETTINGS = `
$wgDBservers = [ [ 'type' => 'sqlite', 'dbname' => $wgDBname, 'dbDirectory' => $wgSQLiteDataDir,
  'variables' => [ 'synchronous' => 'OFF' ], 'load' => 1, 'flags' => DBO_DEFAULT ] ];
$wgMainCacheType = CACHE_NONE;
$wgJobRunRate = 0;
`;

export async function startMediaWiki(folder: string): Promise<RunningPeer> {
  const php = ['php-cli', 'php-sqlite3', 'php-mbstring', 'php-xml', 'php-intl'];
  const { root, version } = unpackDebian(['mediawiki', ...php]);
  const wiki = join(root, 'usr/share/mediawiki');
  const binary = readdirSync(join(root, 'usr/bin')).find((name) => /^php\d/.test(name));
  const modules = readdirSync(join(root, 'usr/lib/php')).find((name) => /^\d{8}$/.test(name));
  const flags = [
    '-n',
    '-d',
    `extension_dir=${join(root, 'usr/lib/php', modules!)}`,
    ...`${EXTENSIONS} ${XML}`.split(' ').flatMap((name) => ['-d', `extension=${name}`]),
  ];
  const command = join(root, 'usr/bin', binary!);
  const env = { LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu') };
  const configured = { ...env, MW_CONFIG_FILE: join(folder, 'LocalSettings.php') };
  const run = (script: string, args: readonly string[], own: NodeJS.ProcessEnv): void => {
    const all = [...flags, join(wiki, 'maintenance', script), ...args];
    execFileSync(command, all, {
      cwd: folder,
      env: { ...environment, ...own },
      timeout: 300_000,
      stdio: 'pipe',
    });
  };
  const where = ['--dbtype', 'sqlite', '--dbpath', folder, '--confpath', folder];
  const site = ['--server', 'http://127.0.0.1', '--scriptpath', '', '--pass', 'of-a-test-only'];
  run('install.php', [...where, ...site, 'Peer', 'Admin'], env);
  appendFileSync(join(folder, 'LocalSettings.php'), SETTINGS);
  mkdirSync(join(folder, 'texts'));
  const texts = Array.from({ length: wikiPages - 1 }, (_, index) =>
    join('texts', `Thing_${String(index + 1).padStart(3, '0')}.txt`),
  );
  for (const text of texts) writeFileSync(join(folder, text), `${text} [[Category:Things]]`);
  run('importTextFiles.php', texts, configured);
  run('runJobs.php', [], configured);
  const running = await startOnPort((port) => ({
    command,
    args: [...flags, '-S', `127.0.0.1:${port}`, '-t', wiki],
    cwd: folder,
    env: configured,
  }));
  return { ...running, name: `MediaWiki ${version('mediawiki')}` };
}
