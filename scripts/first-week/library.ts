/** What a new user of the library tries: items 1 to 5 of the first week. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as everypage from '../../src/index.ts';
import type { Check, FixtureServer } from './check.ts';

const start = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** Runs a program that imports the library, and waits until it has ended by itself. */
async function runProgram({ folder }: FixtureServer, text: string): Promise<string> {
  const path = join(folder, 'program.ts');
  const index = JSON.stringify(join(ROOT, 'src/index.ts'));
  writeFileSync(path, `import * as everypage from ${index};\n${text}`);
  const { stdout } = await start(process.execPath, [path], { timeout: 60_000 });
  return stdout;
}

/** Prints what still holds the process, but for the streams that every process has. */
const HELD = `
for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
console.log(process.getActiveResourcesInfo().filter((name) => !/^(?:Pipe|TTY)Wrap|Immediate$/.test(name)).join());
`;

/** JavaScript may pass anything. */
const any = (value: unknown): never => value as never;

async function messageOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('nothing was said'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof everypage.EverypageError, String(error));
  return error.message;
}

export const checks: readonly Check[] = [
  {
    name: 'a loop that is left lets the process end, whatever is being connected to',
    async run(server) {
      const urls = JSON.stringify([`${server.url}/pages/1`, server.deadUrl]);
      const leave = `for await (const page of everypage.pages(${urls})) break;`;
      assert.equal(await runProgram(server, leave + HELD), '\n');
    },
  },
  {
    name: 'an error in the loop lets the process end, over HTTP/2 too',
    async run(server) {
      const urls = JSON.stringify([`${server.http2Url}/pages/1`, server.deadUrl]);
      const loop = `for await (const _ of everypage.pages(${urls}, { protocol: 'http2' })) throw new Error();`;
      const caught = `try { ${loop} } catch {}`;
      assert.equal(await runProgram(server, caught + HELD), '\n');
    },
  },
  {
    name: 'run takes a string, a URL, and an array of both',
    async run({ url, folder }) {
      const asked = `${url}/pages/1`;
      for (const [at, urls] of [asked, new URL(asked), [asked, new URL(asked)]].entries()) {
        const output = join(folder, `${at}.ndjson`);
        const { verdict } = await everypage.run(any(urls), { output, paginate: 'none' });
        assert.equal(verdict.name, 'proven');
      }
    },
  },
  {
    name: 'wrong input is named, and leaves no file',
    async run({ url, folder }) {
      const output = join(folder, 'wrong.ndjson');
      assert.match(await messageOf(everypage.run(any(42), { output })), /^urls: expected a URL/);
      assert.match(await messageOf(everypage.run(any([null]), { output })), /^urls\[0\]: expected/);
      const typo = everypage.run(`${url}/pages/1`, any({ output, concurency: 3 }));
      assert.match(await messageOf(typo), /did you mean concurrency\?/);
      assert.deepEqual(readdirSync(folder), []);
    },
  },
  {
    name: 'two loops read the same list at once',
    async run({ url }) {
      const asked = `${url}/pages/[1-20]`;
      const first = everypage.pages(asked);
      await first.next();
      assert.equal((await everypage.allPages(asked)).length, 20);
      await first.return(any(undefined));
    },
  },
  {
    name: 'an abort rejects with the reason of its signal, and says nothing of null',
    async run({ url }) {
      const abort = new AbortController();
      const loop = async () => {
        const { signal } = abort;
        for await (const _ of everypage.pages(`${url}/pages/[1-200]`, { signal })) abort.abort();
      };
      const error = await loop().then(
        () => assert.fail('it went on'),
        (reason: unknown) => reason,
      );
      assert.equal(error, abort.signal.reason);
      assert.ok(error instanceof Error);
      assert.equal(error.name, 'AbortError');
      assert.ok(error.cause instanceof everypage.UnfinishedError);
      assert.doesNotMatch(error.cause.message, /null/);
    },
  },
  {
    name: 'each pause has one resume, also when the run is aborted in it',
    async run({ url }) {
      const abort = new AbortController();
      let open = 0;
      let pauses = 0;
      await everypage.run([{ kind: 'template', text: `${url}/limited` }], {
        signal: abort.signal,
        paginate: 'none',
        onEvent({ type }) {
          if (type === 'pause') {
            open += 1;
            pauses += 1;
            abort.abort();
          } else if (type === 'resume') open -= 1;
        },
      });
      assert.deepEqual([pauses, open], [1, 0]);
    },
  },
  {
    name: 'the declarations import nothing of Node',
    async run({ folder }) {
      const tsc = join(ROOT, 'node_modules/.bin/tsc');
      const words = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', folder];
      await start(tsc, words);
      const reachable = new Set(['index.d.ts']);
      for (const file of reachable) {
        const text = readFileSync(join(folder, file), 'utf8');
        assert.doesNotMatch(text, /from 'node:/, file);
        for (const [, path] of text.matchAll(/from '(\.[^']+)\.[jt]s'/g)) {
          reachable.add(join(file, '..', `${path}.d.ts`));
        }
      }
      assert.ok(reachable.size > 10, `only ${reachable.size} files were read`);
    },
  },
];
