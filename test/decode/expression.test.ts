import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EverypageError } from '../../src/core/errors.ts';
import { compareDecimals } from '../../src/decode/jmespath/value.ts';
import { createJsonScanner } from '../../src/decode/json-scan.ts';
import { readCondition, readSelection } from '../../src/decode/read-selection.ts';
import { oddJsonForParse } from './odd-json.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 200);

function recordsOf(page: string, expression: string): string[] {
  const scan = createJsonScanner(readSelection(expression)).scan(Buffer.from(page));
  assert.ok(scan.valid && scan.found === 'records');
  const source = Buffer.from(scan.source!);
  return Array.from({ length: scan.count }, (_, index) =>
    source.subarray(scan.spans[2 * index], scan.spans[2 * index + 1]).toString(),
  );
}

/** What the expression gives as one value: wrapped, so that arrays are not taken apart. */
function resultOf(page: unknown, expression: string): unknown {
  const [record] = recordsOf(JSON.stringify(page), `{r: ${expression}}`);
  return JSON.parse(record!).r;
}

function failure(work: () => unknown): string {
  let error: unknown;
  try {
    work();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error instanceof EverypageError, String(error));
  assert.equal(error.code, 'SELECTION');
  return error.message;
}

const PEOPLE = {
  people: [
    { name: 'bo', age: 20, tags: ['x', 'y'], home: { city: 'Ulm' } },
    { name: 'al', age: 30, tags: [], home: null },
    { name: 'cy', age: 10, tags: ['z'] },
  ],
  total: 3,
  'odd key': { b: 1, a: [[1, 2], [3], 4] },
};

test('expressions give values, lists and new objects, by the grammar of JMESPath', () => {
  for (const [expression, expected] of [
    ['total', 3],
    ['people[0].name', 'bo'],
    ['people[-1].name', 'cy'],
    ['people[3]', null],
    ['people[*].name', ['bo', 'al', 'cy']],
    ['people[].tags[]', ['x', 'y', 'z']],
    ['people[*].tags[0]', ['x', 'z']],
    ['people[*].tags | [0]', ['x', 'y']],
    ['people[1:].name', ['al', 'cy']],
    ['people[::-1].age', [10, 30, 20]],
    ['people[-2:-1].age', [30]],
    ['people[?age > `10`].name', ['bo', 'al']],
    ["people[?name == 'al' || tags[0] == 'z'].age", [30, 10]],
    ['people[?!home].name', ['al', 'cy']],
    ['people[?age >= `20` && home].home.city', ['Ulm']],
    ["people[?name < 'b'].name", ['al']],
    ["people[?name >= 'b' && age < 'z']", []],
    ['people[*].{n: name, "the age": age}[0]', { n: 'bo', 'the age': 20 }],
    ['people[0].[name, age]', ['bo', 20]],
    ['people[0].{n: name, c: home.city, x: y.z}', { n: 'bo', c: 'Ulm', x: null }],
    ['people[1].home.{c: city}', null],
    ['"odd key".a[]', [1, 2, 3, 4]],
    ['"odd key".a[][]', [1, 2, 3, 4]],
    ['"odd key".*', [1, [[1, 2], [3], 4]]],
    ['*.b', [1]],
    ['missing || total', 3],
    ['total && missing', null],
    ['!missing', true],
    ['!people[0].home.city', false],
    ['!people[0].home.zip && total', 3],
    ['!people[].none', true],
    ['!total == `false`', true],
    ['(missing || people)[0].age', 20],
    ['people[*] | length(@)', 3],
    ['`{"a": [1.5]}`.a', [1.5]],
    ["'it\\'s'", "it's"],
    ['people[?contains(tags, `"x"`)].name | [0]', 'bo'],
    ['@.total', 3],
  ] as const) {
    assert.deepEqual(resultOf(PEOPLE, expression), expected, expression);
  }
});

test('every function does what it says', () => {
  for (const [expression, expected] of [
    ['abs(`-1.5`)', 1.5],
    ['avg(people[].age)', 20],
    ['avg(`[]`)', null],
    ['ceil(`1.2`)', 2],
    ['floor(`-1.2`)', -2],
    ["contains('foobar', 'ob')", true],
    ["contains('foobar', `1`)", false],
    ['contains("odd key".a, `[1, 2]`)', true],
    ["ends_with('abc', 'bc')", true],
    ["ends_with('c', 'bc')", false],
    ["starts_with('abc', 'ab')", true],
    ["join(', ', people[].name)", 'bo, al, cy'],
    ['keys("odd key")', ['b', 'a']],
    ['values("odd key")[0]', 1],
    ["length('a𝄞')", 2],
    ['length(people)', 3],
    ['length("odd key")', 2],
    ['map(&home.city, people)', ['Ulm', null, null]],
    ['max(people[].age)', 30],
    ['min(people[].name)', 'al'],
    ['max(`[]`)', null],
    ['max_by(people, &age).name', 'al'],
    ['max_by(people, &name).name', 'cy'],
    ['min_by(people, &age).name', 'cy'],
    ['min_by(`[]`, &age)', null],
    ['merge("odd key", `{"b": 2, "c": 3}`)', { b: 2, a: [[1, 2], [3], 4], c: 3 }],
    ['not_null(missing, total, people)', 3],
    ['reverse(people[].age)', [10, 30, 20]],
    ["reverse('a𝄞')", '𝄞a'],
    ['sort(`[10, 9, -1]`)', [-1, 9, 10]],
    ['sort(people[].name)', ['al', 'bo', 'cy']],
    ['sort(`["\ufffd", "𝄞", "a"]`)', ['a', '\ufffd', '𝄞']],
    ['sort_by(people, &age)[].name', ['cy', 'bo', 'al']],
    ['sort_by(people, &name)[].age', [30, 20, 10]],
    ['sum(people[].age)', 60],
    ['sum(`[]`)', 0],
    ['to_array(total)', [3]],
    ['to_array(people[].age)', [20, 30, 10]],
    ["to_number('1.50')", 1.5],
    ["to_number('0x10')", null],
    ['to_number(people)', null],
    ['to_string(`[1, "a"]`)', '[1,"a"]'],
    ["to_string('a')", 'a'],
    ['type(total)', 'number'],
    [
      'people[0].[name, age, tags, home, `null`, `true`] | map(&type(@), @)',
      ['string', 'number', 'array', 'object', 'null', 'boolean'],
    ],
  ] as const) {
    assert.deepEqual(resultOf(PEOPLE, expression), expected, expression);
  }
});

test('rows() puts columns side by side, and each value keeps its bytes', () => {
  const page =
    '{"d":{"id":[9007199254740993,2],"x":[1.0,-0],"__proto__":[{"k" : 1e2},null]},' +
    '"v":[[1.50,2],["\\u0061","b"]],"n":["q",{"name":"r s"}],"none":{}}';
  assert.deepEqual(recordsOf(page, 'rows(d)'), [
    '{"id":9007199254740993,"x":1.0,"__proto__":{"k":1e2}}',
    '{"id":2,"x":-0,"__proto__":null}',
  ]);
  assert.deepEqual(recordsOf(page, 'rows(v, n)'), [
    '{"q":1.50,"r s":"\\u0061"}',
    '{"q":2,"r s":"b"}',
  ]);
  assert.deepEqual(recordsOf(page, 'rows(d.{x: x})'), ['{"x":1.0}', '{"x":-0}']);
  assert.deepEqual(recordsOf(page, 'rows(none)'), []);
  for (const [odd, reason] of [
    ['{"a":[1],"b":[1,2]}', /columns of one length, and a has 1 values and b 2/],
    ['{"a":[1],"b":2}', /takes columns, and b is a number/],
    ['[[1]]', /takes columns, and here are 1 columns and 0 names of columns/],
    ['null', /rows\(\) takes an object or an array there, and here is null/],
  ] as const) {
    assert.match(
      failure(() => recordsOf(odd, 'rows(@)')),
      reason,
    );
  }
});

test('of a page that is a list of parts, each part must be there', () => {
  assert.deepEqual(recordsOf('[{"page":1},[3,4]]', '[1]'), ['3', '4']);
  assert.deepEqual(recordsOf('[{"page":1},null]', '[1]'), []);
  for (const odd of ['[{"message":"no"}]', '{"message":"no"}']) {
    assert.match(
      failure(() => recordsOf(odd, '[1]')),
      /does not fit this page/,
    );
  }
  const scanner = createJsonScanner(readSelection('a.b[*]'));
  const lacks = scanner.scan(Buffer.from('{"a":{}}'));
  assert.ok(lacks.valid && lacks.found === 'missing');
});

describe('records of an expression', () => {
  test('are the elements of an array, none for null, else one', () => {
    const page = '{"a":[{"b":1},null,[2]],"c":{"d":1},"e":null}';
    assert.deepEqual(recordsOf(page, '"a"'), ['{"b":1}', 'null', '[2]']);
    assert.deepEqual(recordsOf(page, 'a[*]'), ['{"b":1}', '[2]']);
    assert.deepEqual(recordsOf(page, '"c"'), ['{"d":1}']);
    assert.deepEqual(recordsOf(page, '"e"'), []);
    assert.deepEqual(recordsOf(page, 'x[].y'), []);
    assert.deepEqual(recordsOf('\ufeff [1, 2]\n', '[*]'), ['1', '2']);
    assert.deepEqual(recordsOf('"\\u0041\\/"', '(@)'), ['"\\u0041\\/"']);
    assert.deepEqual(recordsOf('1e400', '(@)'), ['1e400']);
  });

  const literals = [
    '9007199254740993',
    '12345678901234567890',
    '1.0',
    '-0',
    '1e400',
    '0.1000',
    '"\\u0041\\/\\ud800"',
    '{"b":1.0,"a":2,"b":3.0}',
    '{"10":1,"2":[2.0]}',
    '{"__proto__":{"x":1.0},"constructor":2}',
    '"\u2028 é 𝄞 \u007f"',
  ];

  for (const [expression, before, after] of [
    ['d[]', '', ''],
    ['d[?@ != `0.5`]', '', ''],
    ['reverse(reverse(d))', '', ''],
    ['d[*].[@]', '[', ']'],
    ['d[*].{k: @}', '{"k":', '}'],
    ['map(&{k: [@]}, d)', '{"k":[', ']}'],
    ['e[].{k: v, l: v}[].k', '', ''],
    ['e[].merge(`{"k": 1}`, {k: v})', '{"k":', '}'],
    ['e[].merge({w: v}, @) | [*].v', '', ''],
    ['e[?v].not_null(missing, v)', '', ''],
    ['e[*].*[]', '', ''],
    ['e[*].values(@)[]', '', ''],
    ['(e[*].v || d)[]', '', ''],
    ['d[*].[[@][0], @] | [*][1]', '', ''],
  ] as const) {
    test(`keep the bytes that the page has: ${expression}`, () => {
      const page = `{"d": [\n${literals.join(' ,\n')}], "e":[${literals.map((v) => `{"v": ${v}}`).join()}]}`;
      const expected = literals.map((literal) => before + literal + after);
      assert.deepEqual(recordsOf(page, expression), expected);
    });
  }

  test('keep their bytes through sorting and by functions that hand values on', () => {
    const page = '{"d":[{"i":9007199254740993},{"i":9007199254740992},{"i":1.0}]}';
    assert.deepEqual(recordsOf(page, 'sort_by(d, &i)[].i'), [
      '1.0',
      '9007199254740992',
      '9007199254740993',
    ]);
    assert.deepEqual(recordsOf(page, 'sort(d[].i)'), [
      '1.0',
      '9007199254740992',
      '9007199254740993',
    ]);
    assert.deepEqual(recordsOf(page, 'max(d[].i)'), ['9007199254740993']);
    assert.deepEqual(recordsOf(page, 'max_by(d, &i)'), ['{"i":9007199254740993}']);
    assert.deepEqual(recordsOf(page, 'd[].to_string(i)'), [
      '"9007199254740993"',
      '"9007199254740992"',
      '"1.0"',
    ]);
    assert.deepEqual(recordsOf(page, 'to_string(d[2])'), ['"{\\"i\\":1.0}"']);
    assert.deepEqual(recordsOf('["9007199254740993"]', '[].to_number(@)'), ['9007199254740993']);
    assert.deepEqual(recordsOf('[-9007199254740993]', '[].abs(@)'), ['9007199254740993']);
    assert.deepEqual(recordsOf('[9007199254740993, 1.5]', '[].ceil(@)'), ['9007199254740993', '2']);
  });

  test('are compared by all their digits', () => {
    const page = '[9007199254740992,9007199254740993,9007199254740993.0,1.5,1.50]';
    assert.deepEqual(recordsOf(page, '[?@ == `9007199254740993`]'), [
      '9007199254740993',
      '9007199254740993.0',
    ]);
    assert.deepEqual(recordsOf(page, '[?@ < `9007199254740993`]'), [
      '9007199254740992',
      '1.5',
      '1.50',
    ]);
    assert.deepEqual(recordsOf(page, '[?@ == `15e-1`]'), ['1.5', '1.50']);
    assert.deepEqual(recordsOf(page, '[?contains(`[9007199254740992]`, @)]'), ['9007199254740992']);
    assert.deepEqual(
      recordsOf(
        '[{"a":[9007199254740993]},{"a":[9007199254740992]}]',
        '[?a == `[9007199254740993]`]',
      ),
      ['{"a":[9007199254740993]}'],
    );
  });

  test('are refused where calculating would lose digits', () => {
    assert.match(
      failure(() => recordsOf('[9007199254740993,1]', 'sum(@)')),
      /beyond 2\^53/,
    );
    assert.match(
      failure(() => recordsOf('[1e308,1e308]', 'avg(@)')),
      /beyond 2\^53/,
    );
    assert.deepEqual(recordsOf('[1.0,2.0]', 'sum(@)'), ['3']);
  });

  test('stand under __proto__ and constructor as under any key, and pollute nothing', () => {
    const page = '{"__proto__":{"x":[1.0]},"a":{}}';
    assert.deepEqual(recordsOf(page, '"__proto__".x[]'), ['1.0']);
    assert.deepEqual(recordsOf(page, 'merge(@, `{"constructor": 1}`)'), [
      '{"__proto__":{"x":[1.0]},"a":{},"constructor":1}',
    ]);
    assert.deepEqual(recordsOf(page, '{"__proto__": a, y: "__proto__".x}'), [
      '{"__proto__":{},"y":[1.0]}',
    ]);
    assert.deepEqual(recordsOf(page, 'a.constructor || a.toString || (a).x'), []);
    assert.deepEqual(recordsOf('[]', '[].length || [@][0].length'), []);
    assert.equal(Reflect.get({}, 'x'), undefined);
  });

  test('follow the last of equal keys, and take its bytes', () => {
    assert.deepEqual(recordsOf('{"a":1.0,"a":2}', '[a]'), ['2']);
    assert.deepEqual(recordsOf('{"a":1,"\\u0061":2.0}', '[a]'), ['2.0']);
    assert.deepEqual(recordsOf('{"a":1,"\\u0061":2.0,"b":3}', '*'), ['2.0', '3']);
  });

  test('of any page are its own bytes, and read as JSON.parse reads them', () => {
    const whole = readSelection('(@)');
    const members = readSelection('[@, [*], *][]');
    fc.assert(
      fc.property(oddJsonForParse, (page) => {
        if (!page.isWellFormed() || page.trim() === 'null') return;
        const scan = createJsonScanner(whole).scan(Buffer.from(`{"k":${page}}`));
        assert.ok(scan.valid);
        const text = Buffer.from(scan.source!).toString();
        assert.equal(text, compacted(`{"k":${page}}`));
        const taken = createJsonScanner(members).scan(Buffer.from(page));
        assert.ok(taken.valid);
        const source = Buffer.from(taken.source!).toString();
        const value: unknown = JSON.parse(page);
        const own = Array.isArray(value) ? value : [value];
        const inner =
          typeof value === 'object' && !Array.isArray(value) ? Object.values(value!) : [];
        const list = Array.isArray(value) ? value : [];
        const expected = [...own, ...list, ...inner].filter((one) => one !== null);
        assert.deepEqual(JSON.parse(`[${source}]`), expected);
      }),
      { numRuns },
    );
  });

  test('may nest deep, and may be many', () => {
    const deep = `${'['.repeat(50_000)}1.0${']'.repeat(50_000)}`;
    assert.deepEqual(recordsOf(`{"a":${deep}}`, '{b: a}'), [`{"b":${deep}}`]);
    const many = `[${Array.from({ length: 20_000 }, (_, id) => `{"id":${id}}`).join()}]`;
    const records = recordsOf(many, '[?id != `5`].[id]');
    assert.equal(records.length, 19_999);
    assert.equal(records.at(-1), '[19999]');
  });
});

function compacted(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|[ \t\r\n]+/gs, (part) =>
    part.startsWith('"') ? part : '',
  );
}

describe('an expression that cannot be read is refused with the place of the fault', () => {
  for (const [expression, reason] of [
    ['a[', /at character 3, it ends early: after a \[ a number, \*, : or \] is due/],
    ['a[0', /at character 4, it ends early: \] is due/],
    ['a[0 1]', /at character 5, number cannot stand here/],
    ['[a b]', /at character 4, b cannot stand here/],
    ["a[?b = 'c']", /at character 6, one = means nothing; a comparison is ==/],
    ["a[?b == 'c]", /at character 9, the ' that begins here is not closed/],
    [
      'a[?b == `running`]',
      /at character 9, between ` must stand JSON; a text is written 'like this'/,
    ],
    ['"a', /at character 1, the " that begins here is not closed/],
    ['é.a[0]', /at character 1, é cannot stand here/],
    ['a.𝄞[0]', /at character 3, 𝄞 cannot stand here/],
    ['lenght(a)', /at character 1, there is no function lenght\(\); there are abs, avg/],
    ['constructor(a)', /there is no function constructor\(\)/],
    ['a | length(b, c)', /at character 5, length\(\) takes 1 argument, not 2/],
    ['sort_by(a)', /sort_by\(\) takes 2 arguments, not 1/],
    ['merge()', /merge\(\) takes at least 1 argument, not 0/],
    ['sort_by(a, b)', /sort_by\(\) takes an expression, such as &name/],
    ['length(&a)', /length\(\) takes no & expression there/],
    ['&a', /at character 1, & cannot stand here/],
    ['a[::0]', /the step of a slice cannot be 0/],
    ['a.{}', /at character 4, } cannot stand here: a name is due/],
    ['a,b', /at character 2, , cannot stand here/],
    ['"a"(b)', /at character 4, \( cannot stand here: a call is a plain name/],
    ['a.length(c).', /at character 13, it ends early/],
  ] as const) {
    test(expression, () => {
      const message = failure(() => readSelection(expression));
      assert.match(message, reason);
      assert.match(message, /^The selection ".*" cannot be read: /);
    });
  }

  test('whatever it is, and quickly', () => {
    const parts =
      "a b.c [ ] [? [] { } ( ) | || & && ! == < , : * @ ' ` \" `1` 'x' 0 -1 length( é = \\ ".split(
        ' ',
      );
    const texts = fc
      .array(fc.constantFrom(...parts, ' '), { maxLength: 12 })
      .map((all) => `${all.join('')}|@`);
    const page = Buffer.from('{"a":[{"b":{"c":1.0}}],"c":"x"}');
    let read = 0;
    const property = fc.property(texts, (text) => {
      try {
        const selection = readSelection(text);
        // A backslash may have made a path of it.
        if (selection.evaluate === undefined) return;
        const scan = createJsonScanner(selection).scan(page);
        assert.ok(scan.valid);
        JSON.parse(`[${Buffer.from(scan.source!)}]`);
        read++;
      } catch (error) {
        assert.ok(error instanceof EverypageError && error.code === 'SELECTION', String(error));
      }
    });
    fc.assert(property, { numRuns: 3 * numRuns });
    assert.ok(read > numRuns / 50, `only ${read} could be read`);
  });
});

test('going through a list element by element gives what going through it at once gives', () => {
  const expressions = [
    ...['[*]', '[]', '[?a]', '[?a == `1`].b', '[*].a', '[].a', '[*].{x: a, y: b}', '[].[b, a]'],
    ...[
      'd[*]',
      'd[]',
      'd[?a].b',
      'd.e[*].a',
      'd.e[?b > `1`]',
      'd | e[].a',
      '"\u{e9}"[*].a',
      'd[*].e[*].a',
    ],
    ...['d[?e[?a]].e[0]', 'd[*].length(@)', '"".e[*]'],
  ];
  const scalars = fc.constantFrom<unknown>(
    null,
    true,
    '',
    'x\\u0041',
    1,
    2.5,
    12345678901234567890n,
  );
  const { page } = fc.letrec<{ page: unknown }>((tie) => ({
    page: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      scalars,
      fc.array(tie('page'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'd', 'e', '\u{e9}', ''), tie('page'), { maxKeys: 4 }),
    ),
  }));
  const read = (text: string, expression: string): readonly string[] | string => {
    try {
      const { evaluate } = readSelection(expression);
      const { count, spans, source } = evaluate!(Buffer.from(text));
      return Array.from({ length: count }, (_, index) =>
        Buffer.from(source!.subarray(spans[2 * index], spans[2 * index + 1])).toString(),
      );
    } catch (error) {
      assert.ok(error instanceof EverypageError, String(error));
      return 'it does not fit';
    }
  };
  let records = 0;
  const property = fc.property(
    page,
    fc.constantFrom(...expressions),
    fc.constantFrom('', ' ', '\n\t'),
    (value, expression, space) => {
      const text = written(value, space);
      const one = read(text, expression);
      assert.deepEqual(one, read(text, `(${expression}) | @`), `${expression} of ${text}`);
      records += one.length;
    },
  );
  fc.assert(property, { numRuns: 10 * numRuns });
  assert.ok(records > numRuns, `only ${records} records`);
});

/** With white space around everything, and numbers of any length. */
function written(value: unknown, space: string): string {
  const inner = (): string => {
    if (Array.isArray(value)) return `[${value.map((one) => written(one, space)).join()}${space}]`;
    if (typeof value !== 'object' || value === null) {
      return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
    }
    const members = Object.entries(value).map(
      ([key, one]) => `${space}${JSON.stringify(key)}${space}:${written(one, space)}`,
    );
    return `{${members.join()}${space}}`;
  };
  return `${space}${inner()}${space}`;
}

test('an expression that does not fit a page says where and why', () => {
  assert.match(
    failure(() => recordsOf('{"a":[1,"x"]}', 'a | sum(@)')),
    /does not fit this page: at character 5, sum\(\) takes an array of numbers there, and here is an array/,
  );
  assert.match(
    failure(() => recordsOf('[{"a":1},{}]', 'sort_by(@, &a)')),
    /at character 1, what it goes by must be all numbers or all strings, and is number and null/,
  );
  assert.match(
    failure(() => recordsOf('{"a":{}}', 'abs(a)')),
    /abs\(\) takes a number there, and here is an object/,
  );
});

test('a text that is no expression is read as a path', () => {
  const selection = readSelection('data.items');
  assert.equal(selection.evaluate, undefined);
  assert.deepEqual(
    selection.keys.map((key) => key.name),
    ['data', 'items'],
  );
  assert.deepEqual(readSelection(null), { text: '', keys: [] });
  assert.throws(() => readSelection('a..b'), { code: 'SELECTION' });
});

test('numbers are in order by their digits', () => {
  const literals = [
    '-1e400',
    '-12',
    '-1.5',
    '-1.49',
    '0',
    '1e-400',
    '0.1',
    '0.10000000000000000001',
    '1',
    '9',
    '10',
    '9007199254740992',
    '9007199254740993',
    '1e400',
    '1.1e400',
    '1e401',
  ];
  for (const [index, literal] of literals.entries()) {
    for (const [other, against] of literals.entries()) {
      assert.equal(
        Math.sign(compareDecimals(literal, against)),
        Math.sign(index - other),
        `${literal} and ${against}`,
      );
    }
  }
  for (const [one, other] of [
    ['1.50', '15e-1'],
    ['-0', '0.00e5'],
    ['100', '1E+2'],
    ['0.0010', '1e-3'],
    ['1e999999999999', '10e999999999998'],
  ] as const) {
    assert.equal(compareDecimals(one, other), 0, `${one} and ${other}`);
  }
});

describe('an expression has bounds, which the refusal names', () => {
  const refused = (text: string, bound: RegExp): void => {
    assert.match(
      failure(() => readSelection(text)),
      bound,
    );
    assert.match(
      failure(() => readCondition(text)),
      bound,
    );
  };

  test('10,000 characters', () => {
    readSelection(`a == '${'x'.repeat(9_993)}'`);
    refused(`a == '${'x'.repeat(9_994)}'`, /it has 10001 characters, and .* at most 10000$/);
    refused('['.repeat(80_000), /it has 80000 characters/);
  });

  for (const [kind, expression] of Object.entries({
    brackets: (levels: number) => `${'['.repeat(levels)}a${']'.repeat(levels)}`,
    objects: (levels: number) => `${'{a:'.repeat(levels)}a${'}'.repeat(levels)}`,
    parentheses: (levels: number) => `${'('.repeat(levels)}a${')'.repeat(levels)}`,
    conditions: (levels: number) => `${'a[?'.repeat(levels / 2)}a${']'.repeat(levels / 2)}`,
    alternatives: (levels: number) => `[0]${'||a'.repeat(levels)}`,
    positions: (levels: number) => `a${'[0]'.repeat(levels)}`,
    negations: (levels: number) => `${'!'.repeat(levels)}a`,
  })) {
    test(`500 levels of ${kind}`, () => {
      recordsOf('{"a":[[1]]}', expression(490));
      refused(expression(510), /it nests more than 500 levels deep/);
    });
  }
});
