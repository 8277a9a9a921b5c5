/** GraphQL Yoga, with a Relay connection that graphql-relay cuts out of the list. */
import type { RequestListener } from 'node:http';
import { type Item, items } from './items.ts';
import { listen } from './listening.ts';
import { load } from './load.ts';

interface Yoga {
  createYoga(options: object): RequestListener;
  createSchema(options: object): unknown;
}
interface Relay {
  connectionFromArray(items: readonly Item[], args: unknown): object;
}

const { createYoga, createSchema } = await load<Yoga>('graphql-yoga');
const { connectionFromArray } = await load<Relay>('graphql-relay');

const typeDefs = `
  type Owner { id: Int! tags: [String!]! }
  type Item { id: ID! title: String! price: Float! owner: Owner! parent: ID }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type ItemEdge { cursor: String! node: Item! }
  type ItemConnection { totalCount: Int! pageInfo: PageInfo! edges: [ItemEdge!]! }
  type Shop { name: String! items(first: Int, after: String): ItemConnection! }
  type Query { items(first: Int, after: String): ItemConnection! shop: Shop! }
`;
const connection = (_: unknown, args: unknown) => ({
  ...connectionFromArray(items, args),
  totalCount: items.length,
});
const resolvers = {
  Query: { items: connection, shop: () => ({ name: 'one' }) },
  Shop: { items: connection },
};
listen(createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false }));
