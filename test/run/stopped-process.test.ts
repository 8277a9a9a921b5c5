/** A process that is stopped and goes on (SIGSTOP, a laptop's lid). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startPageServer } from '../servers/page-server.ts';
import { startCli, temporaryFolder } from './run-cli.ts';

const PAGES = 8;

for (const protocol of ['http', 'h2'] as const) {
  test(`stopped for longer than --timeout, it fails no page and retries none (${protocol})`, async (t) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: allAsked, resolve: haveAll } = Promise.withResolvers<void>();
    let asked = 0;
    const server = await startPageServer({
      protocol,
      respond: () => {
        asked += 1;
        if (asked === PAGES) haveAll();
        return { until: released };
      },
    });
    t.after(() => server.close());
    const folder = temporaryFolder(t);
    const argv = [server.template(PAGES), '-o', 'a.ndjson', '-c', String(PAGES), '-k'];
    const { child, ended } = startCli(folder, [...argv, '--timeout', '1', '--retry', '0']);
    await allAsked;
    child.kill('SIGSTOP');
    await wait(2600);
    child.kill('SIGCONT');
    // The process looks at the time before anything comes.
    await wait(300);
    release();
    const { code, stderr } = await ended;
    assert.equal(code, 0, stderr);
    assert.equal(asked, PAGES);
  });
}
