import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { againCommand, takeCommand } from '../../src/cli/command-text.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';
import { shellQuote } from '../../src/core/escape.ts';
import { onWindows } from '../on-windows.ts';

function again(argv: readonly string[], env: Record<string, string> = {}): string {
  return againCommand(parseArguments(argv, env), env);
}

describe('a command to type again', () => {
  it('is what was typed, quoted where a shell needs it', () => {
    assert.equal(
      again(['https://a.example/?p=[1-9]&q={a,b}', '-vc5', '-o', "it's.json", '--data=-1']),
      `everypage 'https://a.example/?p=[1-9]&q={a,b}' -v -c 5 -o 'it'\\''s.json' --data=-1`,
    );
    assert.equal(again(['https://a.example/', '-vv']), 'everypage https://a.example/ -vv');
  });

  it('means to a shell what it was made from', () => {
    for (const word of [
      "it's",
      'a b',
      '$HOME',
      '`x`',
      '\\',
      '!',
      '\u001b[2J',
      "'\n\\",
      'é',
      '~',
      '*',
    ]) {
      const shown = execFileSync('bash', ['-c', `printf %s ${shellQuote(word)}`], {
        encoding: 'utf8',
      });
      assert.equal(shown, word);
      assert.doesNotMatch(shellQuote(word), /\p{Cc}/u);
    }
  });

  it('is quoted for PowerShell and cmd.exe on Windows', () => {
    for (const [word, quoted] of [
      ['items.ndjson', 'items.ndjson'],
      ['C:\\data\\items.json', 'C:\\data\\items.json'],
      ['https://a.io/items?page=1&size=[2-3]', '"https://a.io/items?page=1&size=[2-3]"'],
      // PowerShell would splat a variable, and make a list.
      ['@urls.txt', '"@urls.txt"'],
      ['a,b', '"a,b"'],
      ["it's", `"it's"`],
      ['', '""'],
      ['$HOME "x" `y`', '"`$HOME `"x`" ``y``"'],
      ['\u201cx\u201d', '"`\u201cx`\u201d"'],
      ['\u001b[2J', '"`u{1b}[2J"'],
    ] as const) {
      onWindows(() => assert.equal(shellQuote(word), quoted));
    }
  });

  it('shows no credential', () => {
    const command = again([
      'https://me:canary@a.example/?api_key=canary&sid=canary&page=2',
      ...['-u', 'me:canary', '-H', 'Authorization: Bearer canary', '-H', 'X-Api-Key: canary'],
      ...['-x', 'http://me:canary@proxy.example:3128', '-d', '{"client_secret":"canary"}'],
      ...['--secret-param', 'sid', '-H', 'x-plain: shown', '-H', '@secret-headers.txt'],
    ]);
    assert.doesNotMatch(command, /canary/);
    assert.match(command, /'https:\/\/<user>:<password>@a\.example\/\?api_key=\w+&sid=\w+&page=2'/);
    assert.match(command, /-u 'me:<password>' -H 'Authorization: <secret>'/);
    assert.match(command, /-H 'x-plain: shown' -H @secret-headers\.txt/);
  });

  it('hides a body with a field that is named as a secret, and shows any other', () => {
    for (const body of [
      '{"auth":"canary"}',
      'sid=canary&page=1',
      "{'client_id':1, 'Auth-Key' : 'canary'}",
      'query { items(jwt: "canary") { id } }',
    ]) {
      const command = again(['https://a.example/', '-d', body, '--secret-param', 'sid']);
      assert.doesNotMatch(command, /canary/);
      assert.match(command, /-d '<body>'/);
    }
    const plain = '{"filter":{"page":1,"cursor":"abc"}}';
    assert.ok(again(['https://a.example/', '-d', plain]).includes(plain));
    // A body of any length is looked through in a moment.
    again(['https://a.example/', '-d', 'a'.repeat(100_000)]);
  });

  it('does not start over, says npx under npx, and asks for the same standard input', () => {
    assert.equal(again(['--fresh', '@urls.txt']), 'everypage @urls.txt');
    assert.equal(again(['@urls.txt'], { npm_command: 'exec' }), 'npx everypage @urls.txt');
    assert.match(again(['-']), /^everypage - {3}\(with the same list/);
  });

  it('takes what is there with the output, format and selection of the run', () => {
    const typed = parseArguments(
      ['@urls.txt', '-o', 'a.out', '-fjson', '--select', 'data', '-c9', '-u', 'a:b'],
      {},
    );
    assert.equal(
      takeCommand(typed, {}, 'a.out.everypage.part'),
      'everypage export a.out.everypage.part -o a.out -f json --select data --allow-incomplete',
    );
  });
});
