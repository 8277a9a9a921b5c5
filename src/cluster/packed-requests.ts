/** Requests of pages as they stand in a job: those of one list are similar, so a hundred take some hundred bytes. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { PageRequest } from '../core/page-request.ts';

type Plain = Omit<PageRequest, 'body'> & { readonly body: string | null };

/** @param requests without a credential: what is packed stands in the queue */
export function packRequests(requests: readonly PageRequest[]): string {
  const plain = requests.map(
    ({ body, ...request }): Plain => ({
      ...request,
      body: body === null ? null : Buffer.from(body).toString('base64'),
    }),
  );
  return deflateRawSync(JSON.stringify(plain)).toString('base64');
}

export function unpackRequests(packed: string): readonly PageRequest[] {
  const text = inflateRawSync(Buffer.from(packed, 'base64')).toString();
  return (JSON.parse(text) as readonly Plain[]).map(({ body, ...request }) => ({
    ...request,
    body: body === null ? null : Buffer.from(body, 'base64'),
  }));
}
