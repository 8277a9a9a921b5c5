import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { leafText, MerkleTree } from '../../src/archive/merkle-tree.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function treeOf(entries: readonly (string | Uint8Array)[]): MerkleTree {
  const tree = new MerkleTree();
  for (const entry of entries) tree.add(entry);
  return tree;
}

/** As RFC 9162, section 2.1.1, defines it, from the top down. */
function asDefined(entries: readonly (string | Uint8Array)[]): Buffer {
  const hash = (...parts: readonly (string | Uint8Array)[]) => {
    const digest = createHash('sha256');
    for (const part of parts) digest.update(part);
    return digest.digest();
  };
  if (entries.length === 0) return hash();
  if (entries.length === 1) return hash(Uint8Array.of(0), entries[0]!);
  let k = 1;
  while (2 * k < entries.length) k *= 2;
  return hash(Uint8Array.of(1), asDefined(entries.slice(0, k)), asDefined(entries.slice(k)));
}

test('the roots are those of the test vectors of Certificate Transparency', () => {
  const entries = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ].map((text) => new Uint8Array(Buffer.from(text, 'hex')));
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  roots.forEach((root, last) => {
    assert.equal(hex(treeOf(entries.slice(0, last + 1)).root()), root);
  });
  assert.equal(hex(new MerkleTree().root()), hex(asDefined([])));
});

test('each number of leaves gives the root of the definition, also if it is asked for on the way', () => {
  const entries: string[] = [];
  const tree = new MerkleTree();
  for (let count = 0; count < 130; count += 1) {
    assert.equal(tree.leaves, count);
    assert.equal(hex(tree.root()), hex(asDefined(entries)), `${count} leaves`);
    entries.push(`entry ${count}`);
    tree.add(`entry ${count}`);
  }
});

test('place, status, body and URL of a page are in its leaf, with the URL at the end', () => {
  const hash = new Uint8Array(32).fill(0xab);
  const page = { place: { branch: 1, position: 12 }, status: 200, hash, url: 'https://a/b c' };
  assert.equal(leafText(page), `1 12 200 ${'ab'.repeat(32)} https://a/b c`);
});
