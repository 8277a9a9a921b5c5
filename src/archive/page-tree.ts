/** The Merkle tree of an archive, for its manifest. */
import { leafText, MerkleTree } from './merkle-tree.ts';
import { placeColumns, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

type TreeRow = [
  branch: number,
  position: number,
  status: number | null,
  hash: Uint8Array | null,
  url: string,
];

/** Over the stored pages in page order, by the hashes that they were stored with. */
export function pageTree(connection: Connection): MerkleTree {
  const pages = connection.query<TreeRow>(
    `SELECT ${placeColumns('page.place')}, content.status, content.hash, page.url
       FROM page JOIN content ON content.id = page.content
       WHERE page.state = 'stored' AND page.place < ${RECHECK_PLACE} ORDER BY page.place`,
  );
  const tree = new MerkleTree();
  for (const [branch, position, status, hash, url] of pages.iterate()) {
    if (status === null || hash === null) {
      throw connection.damaged(`page ${position} has lost its body`);
    }
    tree.add(leafText({ place: { branch, position }, status, hash, url }));
  }
  return tree;
}
