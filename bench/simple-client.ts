/**
 * What a script does that waits where it is told to: five requests at a time; one that is refused
 * waits for its Retry-After, or a second, and is sent again, while its siblings go on.
 *
 *     node simple-client.ts ORIGIN CA_FILE PAGES SECONDS
 */
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';

const [origin = '', caFile = '', pages = '0', seconds = '0'] = process.argv.slice(2);
const AT_ONCE = 5;
const endsAt = performance.now() + Number(seconds) * 1000;
let next = 1;

/** The seconds it is told to wait, or null for a page. */
function get(session: ClientHttp2Session, page: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': `/items?page=${page}` });
    let waitSeconds: number | null = null;
    stream.on('response', (headers) => {
      if (headers[':status'] === 429) waitSeconds = Number(headers['retry-after'] ?? 1);
    });
    stream
      .on('error', reject)
      .on('end', () => resolve(waitSeconds))
      .resume();
  });
}

async function fetchPages(session: ClientHttp2Session): Promise<void> {
  while (next <= Number(pages) && performance.now() < endsAt) {
    const page = next;
    next += 1;
    for (;;) {
      const waitSeconds = await get(session, page);
      if (waitSeconds === null || performance.now() > endsAt) break;
      await sleep(waitSeconds * 1000);
    }
  }
}

const session = connect(origin, { ca: readFileSync(caFile) });
await Promise.all(Array.from({ length: AT_ONCE }, () => fetchPages(session)));
session.close();
