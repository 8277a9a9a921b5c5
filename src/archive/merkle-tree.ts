/**
 * One hash over all pages of an archive, so that whoever holds it can tell whether an archive has these
 * pages, in this order, and no others.
 */
import { createHash } from 'node:crypto';
import type { Place } from '../core/page-request.ts';
import { placeColumns, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

/** What the tree holds of a page. */
interface TreePage {
  readonly place: Place;
  readonly status: number;
  /** SHA-256 of the decoded body. */
  readonly hash: Uint8Array;
  /** Redacted. */
  readonly url: string;
}

/**
 * A page as an entry of the tree. The URL comes last: it may hold any character, the rest no space.
 *
 * @example leafText(page) // '0 12 200 9f86d0…0a08 https://api.example.com/items?page=13'
 */
export function leafText({ place, status, hash, url }: TreePage): string {
  const hex = Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('hex');
  return `${place.branch} ${place.position} ${status} ${hex} ${url}`;
}

// Without them an inner node could be passed off as a leaf (RFC 9162, section 2.1.1).
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

interface Subtree {
  readonly leaves: number;
  readonly hash: Uint8Array;
}

/**
 * The Merkle Tree Hash of RFC 9162, section 2.1.1, with SHA-256, of entries that come one after another.
 * It keeps one hash for each level of the tree.
 *
 *     const tree = new MerkleTree();
 *     tree.add('first');
 *     tree.root(); // 32 bytes
 */
export class MerkleTree {
  /** Full subtrees from the left, each larger than the next one. */
  readonly #full: Subtree[] = [];
  #leaves = 0;

  add(entry: string | Uint8Array): void {
    this.#leaves += 1;
    let added: Subtree = { leaves: 1, hash: sha256(LEAF, entry) };
    for (let last = this.#full.at(-1); last?.leaves === added.leaves; last = this.#full.at(-1)) {
      this.#full.pop();
      added = joined(last, added);
    }
    this.#full.push(added);
  }

  get leaves(): number {
    return this.#leaves;
  }

  /** The hash over the entries so far; the hash of nothing where there are none. */
  root(): Uint8Array {
    if (this.#full.length === 0) return sha256();
    return this.#full.reduceRight((right, left) => joined(left, right)).hash;
  }
}

function joined(left: Subtree, right: Subtree): Subtree {
  return { leaves: left.leaves + right.leaves, hash: sha256(NODE, left.hash, right.hash) };
}

function sha256(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
}

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
