/** A local API whose pages are slow, fail, or are refused for a while: something to draw. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface FlawedServer {
  /** Called at the end of the test, if one was given. */
  close(): void;
  readonly origin: string;
  /** For `/items?page=[1-60]`: page 7 is no page, page 11 fails twice, and page 20 asks all to wait. */
  readonly url: string;
}

export async function startFlawedServer(t?: TestContext): Promise<FlawedServer> {
  const tries = new Map<number, number>();
  const server = createServer((request, response) => {
    const number = Number(new URL(request.url!, 'http://localhost').searchParams.get('page'));
    const nth = (tries.get(number) ?? 0) + 1;
    tries.set(number, nth);
    const answer = (status: number, body: unknown, headers = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    if (number === 7) answer(404, { error: 'no such page' });
    else if (number === 11 && nth < 3) answer(503, { error: 'try again' });
    else if (number === 20 && nth === 1) answer(429, { error: 'slow' }, { 'retry-after': '1' });
    else {
      const items = Array.from({ length: 3 }, (_, at) => ({
        id: 3 * number + at,
        name: `item ${number}`,
        owner: { email: at === 0 ? null : 'a@example.com' },
        ...(number === 3 ? { note: 'only here' } : {}),
      }));
      const limits = {
        'ratelimit-policy': '"burst";q=1000;w=10, "daily";q=5000000;w=86400',
        ratelimit: `"burst";r=${1000 - number};t=10, "daily";r=4000000;t=5000`,
      };
      setTimeout(() => answer(200, { items }, limits), number % 9 === 0 ? 60 : 3);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  t?.after(close);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { close, origin, url: `${origin}/items?page=[1-60]` };
}
