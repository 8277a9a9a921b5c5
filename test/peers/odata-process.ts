/** An OData v4 service: `$top`, `$skip`, `$count`, and `@odata.count` in the answer. */
import type { RequestListener } from 'node:http';
import { type Item, items } from './items.ts';
import { listen } from './listening.ts';
import { load } from './load.ts';

type Decorate = (target: object, name: string, parameter?: number) => void;
type Class = new () => object;
interface ODataPackage {
  readonly ODataController: Class;
  readonly ODataServer: Class & { create(): RequestListener };
  readonly odata: {
    GET: Decorate;
    context: Decorate;
    type(of: Class): (controller: Class) => void;
    controller(of: Class, entitySet: string): (server: Class) => void;
  };
  readonly Edm: { Key: Decorate; String: Decorate; Double: Decorate };
}

const { ODataController, ODataServer, odata, Edm } = (
  await load<{ readonly default: ODataPackage }>('odata-v4-server')
).default;

class Thing {}
Edm.Key(Thing.prototype, 'id');
for (const name of ['id', 'title']) Edm.String(Thing.prototype, name);
Edm.Double(Thing.prototype, 'price');

class ThingsController extends ODataController {
  find(context: { readonly url: string }): readonly Pick<Item, 'id' | 'title' | 'price'>[] {
    const query = new URL(context.url, 'http://localhost').searchParams;
    const skip = Number(query.get('$skip') ?? 0);
    const top = Number(query.get('$top') ?? items.length);
    const page = items
      .slice(skip, skip + top)
      .map(({ id, title, price }) => ({ id, title, price }));
    return query.get('$count') === 'true'
      ? Object.assign(page, { inlinecount: items.length })
      : page;
  }
}
odata.GET(ThingsController.prototype, 'find');
odata.context(ThingsController.prototype, 'find', 0);
odata.type(Thing)(ThingsController);

class Service extends ODataServer {}
odata.controller(ThingsController, 'Things')(Service);
const express = (
  await load<{
    default: () => RequestListener & { use(path: string, handler: RequestListener): void };
  }>('express')
).default;
const app = express();
app.use('/odata', Service.create());
listen(app);
