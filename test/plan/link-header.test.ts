import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkTarget, parseLinkHeader } from '../../src/plan/link-header.ts';
import { countCharactersRead } from '../count-work.ts';
import { withoutHanging } from '../without-hanging.ts';

const base = 'https://api.example/v1/items?page=1';

function next(header: string, from = base): string | null {
  return linkTarget(parseLinkHeader(header), 'next', from);
}

function brief(header: string): [target: string, rels: string][] {
  return parseLinkHeader(header).map(({ target, rels }) => [target, rels.join(' ')]);
}

test('links are separated by commas, and each keeps its own relation', () => {
  const header =
    '<https://api.example/v1/items?page=2>; rel="next", <https://api.example/v1/items?page=9>; rel="last"';
  assert.equal(next(header), 'https://api.example/v1/items?page=2');
  assert.equal(linkTarget(parseLinkHeader(header), 'last', base), `${base.slice(0, -1)}9`);
  assert.equal(linkTarget(parseLinkHeader(header), 'prev', base), null);
});

test('a relation may be unquoted, in capitals, one of several, and not the first parameter', () => {
  for (const params of [
    'rel=next',
    'REL=Next',
    'rel="prefetch next"',
    'rel="next\tprefetch"',
    'title="a, b; rel=prev"; rel="next"',
    'crossorigin; rel = next',
    '; ; rel=next',
  ]) {
    assert.equal(next(`</2>; ${params}`), 'https://api.example/2', params);
  }
});

test('of several rel parameters the first counts', () => {
  assert.deepEqual(brief('<a>; rel=prev; rel=next'), [['a', 'prev']]);
});

test('commas, semicolons and quotes within a target are its own', () => {
  assert.deepEqual(brief('</x?ids=1,2;"3">; rel=next,</y>;rel=prev'), [
    ['/x?ids=1,2;"3"', 'next'],
    ['/y', 'prev'],
  ]);
  assert.deepEqual(brief('</x?q=a<b&page=2>; rel=next'), [['/x?q=a<b&page=2', 'next']]);
});

test('escapes in quotes are taken off, and what looks like a link there is none', () => {
  const [link, ...others] = parseLinkHeader('<a>; title="say \\"<b>; rel=next\\", \\\\"; rel=prev');
  assert.deepEqual(others, []);
  assert.equal(link?.params['title'], 'say "<b>; rel=next", \\');
  assert.deepEqual(link?.rels, ['prev']);
});

test('targets are resolved against the page, an empty one is the page itself', () => {
  assert.equal(next('<?page=2>; rel=next'), 'https://api.example/v1/items?page=2');
  assert.equal(next('<more/2>; rel=next'), 'https://api.example/v1/more/2');
  assert.equal(next('<//other.example/2>; rel=next'), 'https://other.example/2');
  assert.equal(next('<>; rel=next'), base);
  assert.equal(next('<https://me:pw@api.example/2#top>; rel=next'), 'https://api.example/2');
});

test('what cannot be fetched is no target', () => {
  for (const target of ['mailto:a@b.example', 'ftp://api.example/', 'https://', 'javascript:1']) {
    assert.equal(next(`<${target}>; rel=next`), null, target);
  }
  assert.equal(next('<ftp://a/>; rel=next, </2>; rel=next'), 'https://api.example/2');
});

test('a link of another resource is no link of the page', () => {
  assert.equal(next('</2>; rel=next; anchor="/v1/other"'), null);
  assert.equal(next('</2>; rel=next; anchor="#part"'), null);
  assert.equal(next('</2>; rel=next; anchor="?page=1"'), 'https://api.example/2');
  assert.equal(next('</3>; rel=next; anchor="/x", </2>; rel=next'), 'https://api.example/2');
});

test('a bad part is skipped, and the good ones around it stay', () => {
  const good: [string, string] = ['/2', 'next'];
  for (const [header, expected] of [
    ['rubbish, </2>; rel=next', [good]],
    ['</2>; rel=next, rubbish', [good]],
    [', ,\t, </2>; rel=next,,', [good]],
    ['"a, <b>; rel=next", </2>; rel=next', [good]],
    ['5" disk, </2>; rel=next', [good]],
    ['</1; rel=prev, </2>; rel=next', [good]],
    ['</2>; rel=next, </3; rel=prev', [good]],
    ['</1>; rel="prev, </2>; rel=next', [['/1', 'prev'], good]],
    ['</1>; rel="prev" junk, </2>; rel=next', [['/1', 'prev'], good]],
    ['</1>; rel="prev" </2>; rel=next', [['/1', 'prev'], good]],
    ['</2>; rel="next', [good]],
    ['</1>, </2>; rel=next', [['/1', ''], good]],
  ] as const) {
    assert.deepEqual(brief(header), expected, header);
  }
});

test('an empty value has no links', () => {
  assert.deepEqual(parseLinkHeader(''), []);
  assert.deepEqual(parseLinkHeader(' \t,'), []);
});

test('a parameter may be called __proto__', () => {
  const [link] = parseLinkHeader('<a>; __proto__=x; rel=next');
  assert.deepEqual(link?.rels, ['next']);
  assert.deepEqual(Object.keys(link?.params ?? {}), ['__proto__', 'rel']);
});

test('of a hostile header each character is read a few times, however long it is', () => {
  for (const piece of [
    '<',
    '>',
    '"',
    ',',
    ';',
    '\\',
    '"\\',
    '\\"',
    ', <',
    '<>',
    '<>;',
    '<>;a="',
    '<>;a="\\"',
    ';"=\\"',
    ' ',
    '<a>; rel="',
    ',\t\t\t\t',
  ]) {
    const hostile = (length: number) => {
      const text = piece.repeat(length / piece.length);
      // Once as it is, and once so that the repetition is within a link.
      return [text, `<a>; b=c${text}`];
    };
    const readPerCharacter = (length: number) => {
      const texts = hostile(length);
      return countCharactersRead(() => texts.map(parseLinkHeader)) / length;
    };
    const short = readPerCharacter(1024);
    const long = readPerCharacter(16_384);
    // A quadratic parser would read each character 16 times as often.
    assert.ok(long < 2 * short + 1, `${JSON.stringify(piece)}: ${short} times, then ${long} times`);
    withoutHanging(
      () => hostile(262_144).map(parseLinkHeader),
      () => JSON.stringify(piece),
    );
  }
});
