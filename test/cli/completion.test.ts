/** The scripts of `everypage completion`, run by the shells that they are for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { COMPLETE, verbs } from '../../src/cli/flags/verbs.ts';
import { flagsOf } from '../../src/cli/flags.ts';
import { presets } from '../../src/plan/presets.ts';
import { runInProcess } from '../run/run-in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'everypage-completion-'));
const scripts = new Map<string, string>();

const typedVerbs: readonly string[] = verbs.filter((verb) => verb !== 'fetch');
const files = ['a.everypage', 'b.everypage.part', 'folder', 'my file.json', 'urls.txt'];
const archives = files.filter((name) => !/\.(?:json|txt)$/.test(name));
const longFlags = (verb: 'fetch' | 'verify', start: string): string[] =>
  flagsOf(verb)
    .map(({ name }) => `--${name}`)
    .filter((name) => name.startsWith(start));

/** What was typed, and all that is offered for its last word. */
const cases: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['everypage ', typedVerbs],
  ['everypage ver', ['verify']],
  ['everypage -o items.json ver', ['verify']],
  ['everypage https://a.io/items ver', []],
  ['everypage https://a.io/items ', []],
  ['everypage @', files.map((name) => `@${name}`)],
  ['everypage @ur', ['@urls.txt']],
  ['everypage explain @', []],
  ['everypage -o ', files],
  ['everypage -o my', ['my file.json']],
  ['everypage --output=ur', ['--output=urls.txt']],
  ['everypage -H @ur', ['@urls.txt']],
  ['everypage verify ', archives],
  ['everypage verify --strict=proven a', ['a.everypage']],
  ['everypage verify --ex', ['--expect']],
  ['everypage verify --p', longFlags('verify', '--p')],
  ['everypage --page', longFlags('fetch', '--page')],
  ['everypage https://a.io/items?page=1 --page', longFlags('fetch', '--page')],
  ['everypage -o verify --page', longFlags('fetch', '--page')],
  ['everypage -X ', ['GET', 'POST']],
  ['everypage --paginate cur', ['cursor']],
  ['everypage --paginate=cur', ['--paginate=cursor']],
  ['everypage --strict=', ['--strict=complete', '--strict=proven']],
  ['everypage --preset git', presets.map(({ name }) => name).filter((it) => it.startsWith('git'))],
  ['everypage presets str', ['stripe']],
  ['everypage completion ', ['bash', 'zsh', 'fish', 'powershell']],
];

before(async () => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { code, stdout } = await runInProcess(['completion', shell]);
    assert.equal(code, 0);
    scripts.set(shell, stdout);
    writeFileSync(join(folder, `script.${shell}`), stdout);
  }
  mkdirSync(join(folder, 'work/folder'), { recursive: true });
  mkdirSync(join(folder, 'answers'));
  for (const [line] of cases) {
    for (const words of [line.split(' '), wordsOfBash(line)]) {
      const asked = words.slice(1).with(-1, `.${words.at(-1)}`);
      const { code, stdout } = await runInProcess([COMPLETE, ...asked]);
      assert.equal(code, 0);
      writeFileSync(join(folder, 'answers', `${asked.join('|').replaceAll('/', '_')}|`), stdout);
    }
  }
  writeFileSync(join(folder, 'everypage'), STAND_IN, { mode: 0o755 });
  for (const name of files.filter((it) => it !== 'folder')) {
    writeFileSync(join(folder, 'work', name), '');
  }
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** The program, with answers that it has given before: it would start a hundred times. */
const STAND_IN = `#!/bin/sh
shift
cat "${folder}/answers/$(printf '%s|' "$@" | tr / _)"
`;

/** `skip` says which Debian package has a shell that is not there. */
function needs(shell: string): { readonly skip: false | string } {
  const { error } = spawnSync(shell, ['-c', ':']);
  return { skip: error !== undefined && `SKIPPED: no ${shell} here; apt-get install ${shell}` };
}

/** The lines that the shell prints. */
function told(shell: string, args: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync(shell, args, {
    cwd: join(folder, 'work'),
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    // A completion that hangs would hang a terminal.
    timeout: 30_000,
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return stdout.split('\n').slice(0, -1);
}

/** Shells show folders with a slash or without. */
function sorted(offered: readonly string[]): string[] {
  return offered.map((word) => word.replace(/\/$/, '')).toSorted();
}

/** The words before and at the cursor, cut as bash cuts them: `=` and `:` are words of their own. */
function wordsOfBash(line: string): string[] {
  const pieces = line.split(' ').map((word) => word.split(/([=:]+)/));
  return pieces.flatMap((parts) =>
    parts.at(-1) === '' && parts.length > 1 ? parts.slice(0, -1) : parts,
  );
}

const BASH = `source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
__everypage
if [[ \${#COMPREPLY[@]} != 0 ]]; then printf '%s\\n' "\${COMPREPLY[@]}"; fi`;

/** A second zsh on a terminal of its own presses Tab, and notes what it is about to offer. */
const ZSH = `zmodload zsh/zpty
export SCRIPT=$1 OFFERED=$2; shift 2
: > $OFFERED
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; autoload -Uz compinit; compinit -D -u; source $SCRIPT
compadd() {
  local -a hits
  builtin compadd "$@"
  [[ " \${@[1,(i)(-|--)]} " == *" -"[OAD]* ]] && return
  builtin compadd -O hits "$@"
  print -rl -- $IPREFIX$^hits >> $OFFERED
}
tell() { _main_complete; compstate[insert]=; compstate[list]=; print END >> $OFFERED }
zle -C tell list-choices tell; bindkey "^I" tell'
integer ends=0
for line; do
  zpty -w -n shell $'\\x15'$line$'\\t'
  (( ++ends ))
  until (( $(grep -c "^END\\$" $OFFERED) >= ends )); do zpty -r -t shell drawn; sleep 0.01; done
done
zpty -d shell
cat $OFFERED`;

describe('everypage completion', () => {
  it('is completed by bash', needs('bash'), () => {
    for (const [line, offered] of cases) {
      const words = wordsOfBash(line);
      const found = told('bash', [
        '--norc',
        '-c',
        BASH,
        'bash',
        join(folder, 'script.bash'),
        ...words,
      ]);
      // Bash replaces only what follows the last = or :
      const ownPart = offered.map((word) =>
        /^--[^=]+=/.test(line.split(' ').at(-1)!) ? word.replace(/^--[^=]+=/, '') : word,
      );
      assert.deepEqual(sorted(found), sorted(ownPart), line);
    }
  });

  it('is completed by zsh', needs('zsh'), () => {
    const lines = cases.map(([line]) => line);
    const found = told('zsh', [
      ...['-f', '-c', ZSH, 'zsh', join(folder, 'script.zsh'), join(folder, 'offered'), ...lines],
    ]);
    const blocks = found
      .join('\n')
      .split('END')
      .map((block) => block.split('\n').filter(Boolean));
    for (const [at, [line, offered]] of cases.entries()) {
      const block = blocks[at]!.map((word) => word.replaceAll('\\ ', ' '));
      assert.deepEqual(sorted([...new Set(block)]), sorted(offered), line);
    }
  });

  it('is completed by fish', needs('fish'), () => {
    const script = `source ${join(folder, 'script.fish')}; for line in $argv; complete -C $line; echo END; end`;
    const found = told('fish', ['--no-config', '-c', script, ...cases.map(([line]) => line)]);
    const blocks = found
      .join('\n')
      .split('END')
      .map((block) => block.split('\n').filter(Boolean));
    for (const [at, [line, offered]] of cases.entries()) {
      const block = blocks[at]!.map((word) => word.replace(/\t.*$/, ''));
      assert.deepEqual(sorted(block), sorted(offered), line);
    }
  });

  it('names the shells where another word stands in their place', async () => {
    for (const [args, tried] of [
      [[], 'bash'],
      [['zhs'], 'zsh'],
      [['fish', 'bash'], 'fish'],
    ] as const) {
      const { code, stderr } = await runInProcess(['completion', ...args]);
      assert.equal(code, 2);
      assert.match(
        stderr,
        new RegExp(`bash, zsh, fish or powershell\n  try: everypage completion ${tried}\n`),
      );
    }
  });
});
