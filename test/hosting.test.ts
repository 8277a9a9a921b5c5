/** The files for GitHub and Docker, as far as they can be checked without either. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { parseArguments } from '../src/cli/parse-arguments.ts';
import { checkValues } from '../src/cli/typed-arguments.ts';
import { ENTRY, temporaryFolder } from './run/run-cli.ts';
import { startPageServer } from './servers/page-server.ts';

const ROOT = join(import.meta.dirname, '..');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly uses?: string;
  readonly steps?: readonly Step[];
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (file: string): unknown => parse(readFileSync(join(ROOT, file), 'utf8'));
const action = read('action.yml') as Action;
const workflows = globSync('.github/workflows/*.yml', { cwd: ROOT });
const jobs = workflows.flatMap((file) => Object.values((read(file) as Workflow).jobs));
const steps = [...action.runs.steps, ...jobs.flatMap((job) => job.steps ?? [])];

test('no script of a workflow or of the action has text of others written into it', () => {
  const scripts = steps.flatMap(({ run }) => run ?? []);
  assert.ok(scripts.length > 8, `only ${scripts.length} scripts were read`);
  assert.deepEqual(
    scripts.filter((script) => script.includes('${{')),
    [],
  );
});

test('workflows may only read unless a job says otherwise, and name versions of what they use', () => {
  for (const file of workflows) {
    assert.deepEqual((read(file) as Workflow).permissions, { contents: 'read' }, file);
  }
  const used = [...steps, ...jobs].flatMap(({ uses }) => uses ?? []);
  assert.ok(used.length > 5);
  for (const name of used) {
    const local = name.startsWith('./') && existsSync(join(ROOT, name));
    assert.ok(local || /^actions\/[a-z-]+@v\d+$/.test(name), name);
  }
});

test('templates for issues are YAML with a name and a description', () => {
  const templates = globSync('.github/ISSUE_TEMPLATE/*.yml', { cwd: ROOT });
  for (const file of templates.filter((it) => !it.endsWith('config.yml'))) {
    const { name, description, body } = read(file) as Record<string, unknown>;
    assert.ok(typeof name === 'string' && typeof description === 'string', file);
    assert.ok(Array.isArray(body) && body.length > 2, file);
  }
  assert.equal(templates.length, 3);
});

/** Runs the action's script with these inputs; `npx everypage@…` is what stands here. */
async function runAction(
  t: TestContext,
  given: Readonly<Record<string, string>>,
): Promise<{ code: number; folder: string; outputs: string; asked: string }> {
  const { run, env } = action.runs.steps.find((step) => step.run !== undefined)!;
  const folder = temporaryFolder(t);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  // Notes the words and the package, and runs what stands here with the words after it.
  const npx = `#!/usr/bin/env bash
printf '%s\\n' "$@" > "$NPX_WORDS"
shift 2
exec ${JSON.stringify(process.execPath)} ${JSON.stringify(ENTRY)} "$@"
`;
  writeFileSync(join(bin, 'npx'), npx, { mode: 0o755 });
  const inputs = Object.entries(env!).map(([name, expression]) => {
    const [, input] = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(expression)!;
    return [name, given[input!] ?? action.inputs[input!]!.default ?? ''];
  });
  const file = (name: string) => join(folder, name);
  const variables: NodeJS.ProcessEnv = {
    ...process.env,
    ...Object.fromEntries(inputs),
    PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
    XDG_STATE_HOME: file('state'),
    GITHUB_ACTION_PATH: ROOT,
    GITHUB_OUTPUT: file('outputs'),
    NPX_WORDS: file('words'),
  };
  // The test runner's variable would make the output a test report.
  delete variables['NODE_TEST_CONTEXT'];
  writeFileSync(file('outputs'), '');
  // As the runner calls bash.
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run!], {
    cwd: folder,
    env: variables,
    stdio: 'ignore',
  });
  const [code] = await once(child, 'close');
  return {
    code,
    folder,
    outputs: readFileSync(file('outputs'), 'utf8'),
    asked: readFileSync(file('words'), 'utf8'),
  };
}

test('the action fetches a list, says its verdict, and takes no input for a command', async (t) => {
  const authorizations = new Set<string | undefined>();
  const server = await startPageServer({
    protocol: 'http',
    respond({ headers }) {
      authorizations.add(headers.authorization);
      return null;
    },
  });
  t.after(() => server.close());
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const hostile = await runAction(t, {
    source: server.template(3),
    output: 'pages $(touch ran); `touch ran`.ndjson',
    flags: '--concurrency=2\n--select=$(touch ran)\n',
  });
  assert.equal(existsSync(join(hostile.folder, 'ran')), false);
  assert.notEqual(hostile.code, 0);

  const good = await runAction(t, {
    source: server.template(3),
    output: 'pages.ndjson',
    flags: '--concurrency=2\n\n--pages',
    token: 'secret-token-1',
  });
  assert.equal(good.code, 0);
  assert.equal(good.outputs, 'verdict=proven\nrecords=3\n');
  assert.equal(
    readFileSync(join(good.folder, 'pages.ndjson'), 'utf8').trim().split('\n').length,
    3,
  );
  assert.match(good.asked, new RegExp(`^--yes\neverypage@${version.replaceAll('.', '\\.')}\n`));
  assert.doesNotMatch(good.asked, /secret-token-1/);
  assert.ok(authorizations.has('Bearer secret-token-1'));
});

test('the action ends with the exit code of everypage', async (t) => {
  const { code, outputs } = await runAction(t, { source: '--no-such-flag' });
  assert.equal(code, 2);
  assert.equal(outputs, '');
});

test('the image is built from files that its context has, and runs as a user without rights', () => {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
  const kept = [...ignore.matchAll(/^!(.+)$/gm)].map(([, path]) => path!);
  for (const path of kept) assert.ok(globSync(path, { cwd: ROOT }).length > 0, path);
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const file of files as string[]) {
    const isKept = kept.some(
      (path) =>
        file === path ||
        file.startsWith(`${path}/`) ||
        (path === '*.md' && /^[A-Z]+\.md$/.test(file)),
    );
    assert.ok(isKept || file === 'dist', file);
  }
  assert.equal(dockerfile.match(/^USER (.*)$/gm)?.at(-1), 'USER node');
  const [, entry] = dockerfile.match(/^ENTRYPOINT .*node_modules\/everypage\/([\w./]+)"/m)!;
  assert.ok(existsSync(join(ROOT, entry!)));
});

interface Container {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

test('the commands of compose.yaml and of the Kubernetes example are commands of everypage', () => {
  const compose = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, Container>>;
  };
  const { queue, ...own } = compose.services;
  assert.match(queue?.command?.join(' ') ?? '', /--appendonly yes --maxmemory-policy noeviction/);
  const kubernetes = parseAllDocuments(readFileSync(join(ROOT, 'docs/kubernetes.yaml'), 'utf8'))
    .map((document) => document.toJS() as Readonly<Record<string, unknown>>)
    .flatMap(
      ({ spec }) =>
        (spec as { template: { spec: { containers: Container[] } } }).template.spec.containers,
    );
  const commands = [
    ...Object.values(own).map(({ command }) => command),
    ...kubernetes.map(({ args }) => args),
  ];
  assert.equal(commands.length, 4);
  for (const words of commands) {
    const typed = parseArguments(
      words!.map((word) =>
        word
          .replace(/^\$\{URL:.*\}$/, 'https://a.example/[1-9]')
          .replace(/^\$\{STORE:-(.*)\}$/, '$1'),
      ),
      {},
    );
    checkValues(typed);
    assert.ok(typed.verb === 'worker' || typed.value('store') === '/data/store');
  }
});
