/** CouchDB's HTTP API as PouchDB serves it: `_all_docs`, `_changes`. */
import type { RequestListener } from 'node:http';
import { items } from './items.ts';
import { listen } from './listening.ts';
import { load } from './load.ts';

interface Database {
  bulkDocs(documents: readonly object[]): Promise<unknown>;
}
interface PouchConstructor {
  plugin(plugin: unknown): PouchConstructor;
  defaults(options: object): new (name: string) => Database;
}
interface Default<Value> {
  readonly default: Value;
}

const { default: core } = await load<Default<PouchConstructor>>('pouchdb-core');
for (const name of ['pouchdb-adapter-memory', 'pouchdb-mapreduce']) {
  core.plugin((await load<Default<unknown>>(name)).default);
}
const Pouch = core.defaults({ adapter: 'memory' });

const { default: couch } =
  await load<Default<(pouch: unknown, options: object) => RequestListener>>('express-pouchdb');
const { default: express } =
  await load<Default<() => RequestListener & { use(handler: RequestListener): void }>>('express');
const app = express();
app.use(couch(Pouch, { mode: 'minimumForPouchDB', inMemoryConfig: true }));
// Only databases opened from here on are known to the server.
await new Pouch('items').bulkDocs(items.map(({ id, ...rest }) => ({ _id: id, ...rest })));
listen(app);
