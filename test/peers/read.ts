/** What a server holds, read from it in the fewest requests. */

export async function read<Value>(url: string, body?: string): Promise<Value> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`${response.status} from ${url}`);
  return (await response.json()) as Value;
}

/** `all` for a server that gives the whole list at `path`, below `field`. */
export function whole(path: string, field?: string) {
  return async (origin: string): Promise<readonly unknown[]> => {
    const page = await read<Record<string, unknown[]> & unknown[]>(`${origin}${path}`);
    return field === undefined ? page : (page[field] ?? []);
  };
}

/** The body of a GraphQL request. */
export function query(fields: string): string {
  return JSON.stringify({ query: fields });
}
