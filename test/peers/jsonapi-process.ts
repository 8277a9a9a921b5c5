/** A JSON:API server with its memory handler: `page[offset]`, `page[limit]`, `links.next`. */
import type { RequestListener } from 'node:http';
import { items } from './items.ts';
import { listen } from './listening.ts';
import { load } from './load.ts';

interface JsonApi {
  readonly MemoryHandler: new () => object;
  readonly Joi: { string(): object; number(): object };
  setConfig(options: object): void;
  define(resource: object): void;
  start(): void;
}

const { default: api } = await load<{ readonly default: JsonApi }>('jsonapi-server');
const { default: express } = await load<{ default: () => RequestListener }>('express');
const router = express();
api.setConfig({ base: 'api', router });
api.define({
  resource: 'things',
  handlers: new api.MemoryHandler(),
  attributes: { title: api.Joi.string(), price: api.Joi.number() },
  examples: items.map(({ title, price }, index) => ({
    id: `00000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`,
    type: 'things',
    title,
    price,
  })),
});
api.start();
listen(router);
