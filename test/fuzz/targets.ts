/**
 * What reads text that a server or a user has made up, and what must hold of whatever it is given:
 * it is read or refused, never a crash, and where there is another way to say what is right, that.
 */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { EverypageError } from '../../src/core/errors.ts';
import { createJsonScanner } from '../../src/decode/json-scan.ts';
import { compactRange } from '../../src/decode/json-tokens.ts';
import { parseSelection } from '../../src/decode/selection.ts';
import { classifyRedirect } from '../../src/fetch/follow-redirect.ts';
import { createHintReader } from '../../src/http/limits/hint-reader.ts';
import { parseSfDictionary, parseSfList } from '../../src/http/limits/ietf-fields.ts';
import { limitInBody } from '../../src/http/limits/limit-in-body.ts';
import { parseMoment } from '../../src/http/limits/moment.ts';
import { retryAfterMs } from '../../src/http/limits/retry-after.ts';
import { linkTarget, parseLinkHeader } from '../../src/plan/link-header.ts';
import { parseContentRange } from '../../src/plan/styles/page-reading.ts';
import { parseUrlTemplate } from '../../src/plan/url-template.ts';
import { parses } from '../decode/parses.ts';
import type { Mutations } from './mutate.ts';

export interface Target extends Mutations {
  /** Fails where `text`, the `n`th, is not read as it must be. */
  readonly check: (text: string, n: number) => void;
}

const words = (text: string): string[] => text.split(' ');

/** White space between tokens goes, and nothing else: another way to say what the output holds. */
const withoutSpace = (text: string): string =>
  text.replace(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, '$1');

const wholePage = createJsonScanner(parseSelection(null));
const eachItem = createJsonScanner(parseSelection('@'));

const json: Target = {
  corpus: [
    '{"items":[{"id":1,"name":"a"},{"id":2}],"next":null}',
    '[1, -0, 1.0, 1E+5, 12345678901234567890.10, 0e-00]',
    ' [ true , false , null ] ',
    '{"a":{"b":{"c":[[],{},[[]]]}},"__proto__":1,"a":2}',
    '"\\u0041\\ud83d\\/\\b\\\\\\""',
    '[{"k":"[{]},:"},"\u2028\u00e9\ud83d\ude00"]',
    '{"":[{"":""}]}\r\n',
    '\ufeff[{"n":-1.5e-7}]',
    '-12',
  ],
  tokens: [
    ...words(
      '{ } [ ] " , : \\ \\" \\\\ \\u00e9 \\ud83d \\x true false null tru 0 -0 1 . e E + - 1e9',
    ),
    ...[
      '{"a":',
      '[[',
      ']]',
      '":"',
      '""',
      '[]',
      '{}',
      ' ',
      '\n',
      '\t',
      '\u0000',
      '\u001f',
      '\ufeff',
    ],
    ...['NaN', 'Infinity', '//', "'", '\u00a0', '\ud800', '\udc00', '\u0080'],
  ],
  check(text, n) {
    // One in four as bytes of which few are UTF-8.
    const bytes = Buffer.from(text, n % 4 === 0 ? 'latin1' : 'utf8');
    const source = bytes.toString();
    const plain = source.startsWith('\ufeff') ? source.slice(1) : source;
    const isValid = isUtf8(bytes) && parses(plain);
    const scan = wholePage.scan(bytes);
    assert.equal(scan.valid, isValid);
    if (!scan.valid) {
      assert.ok(scan.offset >= 0 && scan.offset <= bytes.length);
      return;
    }
    const expected = withoutSpace(plain);
    const [from, to] = [scan.spans[0]!, scan.spans[1]!];
    assert.equal(Buffer.from(compactRange(bytes, from, to)).toString(), expected);
    if (!expected.startsWith('[')) return;
    const items = eachItem.scan(bytes);
    assert.ok(items.valid);
    const texts = Array.from({ length: items.count }, (_, at) =>
      Buffer.from(compactRange(bytes, items.spans[2 * at]!, items.spans[2 * at + 1]!)).toString(),
    );
    assert.equal(`[${texts.join()}]`, expected);
  },
};

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);
const HERE = new URL('https://api.example:8443/v1/items?page=1');
const isWait = (ms: number | null): boolean => ms === null || (ms > 0 && Number.isFinite(ms));
const LIMIT_HEADERS = words(
  'ratelimit ratelimit-policy ratelimit-reset x-ratelimit-limit x-ratelimit-remaining ' +
    'x-ratelimit-reset x-rate-limit-reset x-ratelimit-reset-after sforce-limit-info x-app-rate-limit ' +
    'x-shopify-shop-api-call-limit x-amzn-ratelimit-limit retry-after-ms x-hubspot-ratelimit-daily',
);

const headers: Target = {
  corpus: [
    ...['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ...['Sun Nov  6 08:49:37 1994', '2026-01-15T12:00:30Z', '120', '0.5', '6m0s', '1h2m3.5s'],
    ...['items 0-24/1000', 'bytes 5-9/*', '"default";q=100;w=60', '"default";r=50;t=30'],
    ...['100, 100;w=60, 5000;w=3600', '39/40', 'api-usage=18/5000', '1:5,120:80', '1737000000'],
    ...['/v1/items?page=2', 'https://me:pw@api.example/v2#x', '//other.example/', '?page=2'],
    'limit=100, remaining=1, reset=5',
  ],
  tokens: [
    ...words('Sun Sunday Nov GMT UTC 06 99 60 08:49:37 1994 2026 - + , ; = : / " \\ ( ) ? * .'),
    ...words('q=1 w=0 r= t= ;w= 1e309 9999999999999999999 -1 0 s ms Z T % @ # http: https: //'),
    ...['  ', '\t', '\u0000', '\u00ff', '\u2028', 'javascript:', '[::1]', '__proto__', '\r\n'],
  ],
  check(text, n) {
    const wait = retryAfterMs({ 'retry-after': text }, NOW);
    assert.ok(isWait(wait), `a wait of ${wait}`);
    assert.ok(isWait(retryAfterMs({ 'retry-after': '60', date: text }, NOW)));
    const date = 'Thu, 15 Jan 2026 12:00:30 GMT';
    assert.ok(isWait(retryAfterMs({ 'retry-after': date, date: text }, NOW)));
    const moment = parseMoment(text, NOW)?.at ?? null;
    assert.ok(moment === null || Number.isFinite(moment), `a moment of ${moment}`);
    for (const number of Object.values(parseContentRange(text) ?? {})) {
      assert.ok(number === null || Number.isSafeInteger(number), `a range of ${number}`);
    }
    const name = LIMIT_HEADERS[n % LIMIT_HEADERS.length]!;
    const hint = createHintReader().read(429, { [name]: text, date }, 0, NOW);
    assert.ok(isWait(hint.waitMs), `${name}: a wait of ${hint.waitMs}`);
    for (const { policy, ...numbers } of hint.limits) {
      assert.equal(typeof policy, 'string');
      for (const number of Object.values(numbers)) {
        assert.ok(
          number === null || (number >= 0 && Number.isFinite(number)),
          `${name}: ${number}`,
        );
      }
    }
    parseSfList(text);
    parseSfDictionary(text);
    assert.ok(isWait(limitInBody({ message: text, retry_after: text }, false)?.waitMs ?? null));
    const redirect = classifyRedirect(HERE, text);
    if (redirect.kind === 'invalid') return;
    const { protocol, username, password, hash, origin } = redirect.url;
    assert.ok(protocol === 'https:' || protocol === 'http:');
    assert.equal(username + password + hash, '');
    assert.equal(redirect.kind === 'same-origin', origin === HERE.origin);
  },
};

const ranges: Target = {
  corpus: [
    ...['https://a.example/p?page=[1-500]', 'https://a.example/[001-100].json'],
    ...['https://a.example/[0-900:100]/{a,b}', 'https://{x,y}.example/[a-z]?k=[9-1]'],
    ...['https://a.example/?filter[name]=x&ids={1,2,{3}}', 'http://[::1]:8080/[1-3]'],
    ...['https://a.example/[-5-5]', 'https://a.example/%5B1-3%5D', 'https://a.example/[Z-a]'],
  ],
  tokens: [
    ...words('[ ] { } , - : / ? = & % [1- -9] :0] :-1] [1-9999999999999999] {, ,} \\[ \\] [a- # @'),
    ...['[00-9]', '{}', '[]', '99999999999999999999', '[1-3]', '{a,b}', ' ', '\u0000', '\ud800'],
  ],
  check(text) {
    try {
      const template = parseUrlTemplate(text);
      assert.ok(Number.isSafeInteger(template.count) && template.count >= 1, `${template.count}`);
      for (const at of [0, Math.floor(template.count / 2), template.count - 1]) {
        assert.equal(typeof template.at(at), 'string');
      }
    } catch (error) {
      assert.ok(error instanceof EverypageError && error.code === 'URL_INVALID', String(error));
    }
  },
};

const link: Target = {
  corpus: [
    '<https://api.example/v1/items?page=2>; rel="next", <https://api.example/v1/items?page=9>; rel="last"',
    '<?page=2>;rel=next',
    '</v1/items?a=1,2;3>; title="a, b; \\"c\\""; rel="prev next"',
    '<x>; rel=next; rel=prev; anchor="#y", <z>',
    ",, <a>;title*=UTF-8''b;rel=NEXT ,",
  ],
  tokens: [
    ...words(
      '< > , ; = " \\ rel rel= rel=next rel="next" next anchor= title*= * // http:// mailto:x',
    ),
    ...['<>', '>;', '<https://b.example/', ' ', '\t', '\u0000', '\ud800', '__proto__', '[::'],
  ],
  check(text) {
    const links = parseLinkHeader(text);
    for (const { target, rels, params } of links) {
      assert.ok(!target.includes('>'));
      assert.deepEqual(rels, rels.map((rel) => rel.trim().toLowerCase()).filter(Boolean));
      assert.equal(Object.getPrototypeOf(params), null);
    }
    const url = linkTarget(links, 'next', HERE.href);
    assert.ok(url === null || /^https?:\/\//.test(url));
  },
};

export const targets: Readonly<Record<string, Target>> = { json, headers, ranges, link };
