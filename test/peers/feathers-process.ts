/** Feathers with its memory adapter: `{ total, limit, skip, data }`, `$limit` and `$skip`. */
import type { RequestListener } from 'node:http';
import { items } from './items.ts';
import { listen } from './listening.ts';
import { load } from './load.ts';

interface Application {
  configure(plugin: unknown): void;
  use(...handlers: readonly unknown[]): void;
}
interface Express {
  readonly default: (app: unknown) => Application & RequestListener;
  rest(): unknown;
  errorHandler(): unknown;
}
interface Memory {
  memory(options: object): unknown;
}

const { feathers } = await load<{ feathers(): unknown }>('@feathersjs/feathers');
const express = await load<Express>('@feathersjs/express');
const { memory } = await load<Memory>('@feathersjs/memory');

const app = express.default(feathers());
app.configure(express.rest());
const store = Object.fromEntries(items.map((item) => [item.id, item]));
app.use('items', memory({ store, paginate: { default: 10, max: 50 } }));
app.use(express.errorHandler());
listen(app);
