import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EverypageError } from '../../src/core/errors.ts';
import { noPagination, paginationStyles } from '../../src/core/pagination.ts';
import { parseSelection } from '../../src/decode/decode.ts';
import { findPreset, presetForHost, presets } from '../../src/plan/presets.ts';
import { ask, first, keyOf } from '../fixtures/apis/api-client.ts';
import { startApiServer } from '../fixtures/apis/api-server.ts';
import { apiNames } from '../fixtures/apis/api-shapes.ts';

const asked =
  'github github-graphql gitlab stripe shopify slack notion hubspot ' +
  'zendesk wordpress mediawiki openalex crossref socrata ' +
  'elasticsearch elasticsearch-from airtable discord google npm-search';

test('every API that was asked for has one preset, and each has a fixture of its name', () => {
  const names = presets.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(
    asked.split(' ').filter((name) => !names.includes(name)),
    [],
  );
  assert.deepEqual(
    names.filter((name) => !apiNames.includes(name)),
    [],
  );
});

test('presets name styles and properties that there are, and paths that can be read', () => {
  for (const { name, pagination } of presets) {
    assert.ok(paginationStyles.includes(pagination.style), name);
    for (const property of Object.keys(pagination)) {
      assert.ok(property in noPagination, `${name}: ${property}`);
    }
    const { nextPath, morePath, totalPath, totalPagesPath, sizePath, positionPath } = pagination;
    const paths = [nextPath, morePath?.replace(/^!/, ''), totalPath, totalPagesPath, sizePath];
    for (const path of [...paths, positionPath, pagination.records, pagination.key]) {
      if (path === undefined || path === null) continue;
      assert.notEqual(path, '', name);
      parseSelection(path);
    }
  }
});

test('a style has what it cannot do without', () => {
  for (const { name, pagination } of presets) {
    const { style, param, nextPath, key } = pagination;
    if (['page', 'offset', 'cursor', 'keyset'].includes(style)) assert.ok(param, name);
    if (['next', 'cursor', 'continue'].includes(style)) assert.ok(nextPath, name);
    if (style === 'keyset') assert.ok(key, name);
    if (['link', 'next', 'continue'].includes(style)) assert.equal(param ?? null, null, name);
    const headers = [pagination.totalHeader, pagination.totalPagesHeader, pagination.nextHeader];
    for (const header of headers) assert.equal(header ?? '', (header ?? '').toLowerCase(), name);
  }
});

test('hosts of a preset are ends of host names', () => {
  for (const preset of presets) {
    const { name, title, hosts, headers, refusals } = preset;
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(title.length > 0, name);
    for (const host of hosts) assert.match(host, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/);
    const pauseMs = refusals?.pauseMs;
    assert.ok(pauseMs === undefined || (pauseMs >= 1_000 && pauseMs <= 60_000), name);
    for (const header of Object.keys(headers ?? {})) assert.match(header, /^[a-z-]+$/);
  }
});

test('what a preset says of the first page stands in the first page of its fixture', async () => {
  for (const preset of presets) {
    const { pagination, begin = {} } = preset;
    const server = await startApiServer({ api: preset.name, pageSize: 20 });
    try {
      const start = new URL(server.url);
      for (const [param, value] of Object.entries(begin)) {
        assert.ok(start.searchParams.get(param) !== null, `${preset.name} begins with ${param}`);
        if (!/size/.test(param)) assert.equal(start.searchParams.get(param), value);
      }
      const headers = preset.headers ?? server.headers;
      const page = await ask({ ...server, headers }, first(server));
      assert.equal(page.status, 200, preset.name);
      if (pagination.records) assert.equal(pagination.records, server.recordsPath, preset.name);
      assert.ok(page.records.length >= 10, preset.name);
      for (const path of [pagination.nextPath, pagination.totalPath, pagination.morePath]) {
        if (!path || onlySomeLists[preset.name] === path) continue;
        const literal = memberAt(page.body, path.replace(/^!/, ''));
        assert.notEqual(literal, undefined, `${preset.name}: ${path}`);
      }
      for (const header of [
        pagination.totalHeader,
        pagination.totalPagesHeader,
        pagination.nextHeader,
      ]) {
        if (header) assert.ok(page.headers.has(header), `${preset.name}: ${header}`);
      }
      const { key } = pagination;
      const { records } = page;
      const keys = key ? new Set(records.map((record) => keyOf(record, key))) : records;
      assert.equal([...keys].length, records.length, preset.name);
      const sizeParam = pagination.carrier === 'body' ? null : pagination.sizeParam;
      if (sizeParam) assert.equal(start.searchParams.get(sizeParam), '20', preset.name);
    } finally {
      await server.close();
    }
  }
});

/** What the fixture's list does not have, though others of that API do. */
const onlySomeLists: Readonly<Record<string, string>> = {
  hubspot: 'total',
};

function memberAt(body: unknown, path: string): unknown {
  return parseSelection(path).keys.reduce<unknown>(
    (value, { name }) => (value as Record<string, unknown> | undefined)?.[name],
    body,
  );
}

test('a name that there is not is answered with the nearest ones', () => {
  assert.equal(findPreset('stripe').title, 'Stripe');
  const messageFor = (name: string): string => {
    try {
      findPreset(name);
    } catch (error) {
      assert.ok(error instanceof EverypageError && error.code === 'USAGE');
      return error.message;
    }
    return assert.fail(`${name} was found`);
  };
  assert.match(messageFor('githb'), /did you mean github/);
  assert.match(messageFor('Zendesk'), /did you mean zendesk\?/);
  assert.match(messageFor('elastic-search'), /did you mean elasticsearch/);
  assert.match(messageFor('npm_search'), /did you mean npm-search/);
  assert.equal(messageFor('qqqq'), 'there is no preset "qqqq"; everypage presets lists them');
  assert.ok(!messageFor('\u001b[31m').includes('\u001b'));
  assert.doesNotMatch(messageFor(''), /did you mean/);
  assert.throws(() => findPreset('constructor'), EverypageError);
});

test('a host is known by its end, at a dot, whatever its case', () => {
  assert.equal(presetForHost('api.github.com')?.name, 'github');
  assert.equal(presetForHost('acme.zendesk.com')?.name, 'zendesk');
  assert.equal(presetForHost('ACME.MyShopify.com.')?.name, 'shopify');
  assert.equal(presetForHost('gitlab.com:443')?.name, 'gitlab');
  assert.equal(presetForHost('de.wikipedia.org')?.name, 'mediawiki');
  assert.equal(presetForHost('notslack.com'), null);
  assert.equal(presetForHost('api.stripe.com.evil.example'), null);
  assert.equal(presetForHost('localhost'), null);
  assert.equal(presetForHost(''), null);
});
