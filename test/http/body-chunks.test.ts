import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { BodyChunks, freeChunks, joinChunks } from '../../src/http/response-body.ts';

const MIB = 1024 * 1024;

test('a body is the pieces it came in, whatever their sizes', () => {
  const random = seededRandom(7);
  for (const mostBytes of [20, 300, 20_000, 3 * MIB]) {
    const body = new BodyChunks();
    const came: Buffer[] = [];
    for (let bytes = 0; bytes < Math.min(mostBytes * 50, 6 * MIB); ) {
      const read = Buffer.alloc(Math.floor(random() * mostBytes), came.length);
      came.push(read);
      bytes += read.length + 1;
      body.add(read);
    }
    const whole = Buffer.concat(came);
    assert.equal(body.bytes, whole.length);
    assert.ok(Buffer.concat(body.take()).equals(whole), `pieces of up to ${mostBytes} bytes`);
    assert.equal(body.bytes, 0);
    assert.deepEqual(body.take(), []);
  }
});

test('a large body holds on to nothing of the reads that brought it', () => {
  const body = new BodyChunks();
  const read = Buffer.alloc(64 * 1024, 'x');
  for (let n = 0; n < 64; n += 1) body.add(read.subarray(9));
  const chunks = body.take();
  const held = new Set(chunks.map(({ buffer }) => buffer));
  held.delete(read.buffer);
  const heldBytes = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.ok(heldBytes >= 3 * MIB && heldBytes <= 4 * MIB, `${heldBytes} bytes`);
});

test('its memory is let go of at once, and that of others stays', () => {
  const body = new BodyChunks();
  const read = Buffer.from('shared by two bodies'.repeat(10_000));
  for (let n = 0; n < 20; n += 1) body.add(read);
  const chunks = body.take();
  const last = chunks.at(-1)!;
  assert.ok(last.length > 0);
  freeChunks(chunks);
  freeChunks(chunks);
  assert.equal(last.length, 0);
  assert.equal(read.toString('utf8', 0, 20), 'shared by two bodies');
});

test('a large body of stated length stands in one piece, which is not copied', () => {
  const body = new BodyChunks();
  body.expect(3 * MIB);
  for (let n = 0; n < 48; n += 1) body.add(Buffer.alloc(64 * 1024, n));
  const chunks = body.take();
  assert.equal(chunks.length, 1);
  assert.equal(joinChunks(chunks), chunks);
  assert.equal(chunks[0]!.buffer.byteLength, 3 * MIB);
  freeChunks(chunks);
  assert.equal(chunks[0]!.length, 0);
  // The next body has not said how long it is, and a longer one than stated is still whole.
  body.add(Buffer.from('short'));
  assert.equal(Buffer.concat(body.take()).toString(), 'short');
  body.expect(2 * MIB);
  for (let n = 0; n < 4; n += 1) body.add(Buffer.alloc(MIB, n));
  assert.deepEqual(
    Buffer.concat(body.take()).filter((_, at) => at % MIB === 0),
    Buffer.from([0, 1, 2, 3]),
  );
});

test('memory is set aside for a few large bodies that only say that they come', () => {
  const bodies = Array.from({ length: 10 }, () => new BodyChunks());
  for (const body of bodies) {
    body.expect(64 * MIB);
    body.add(Buffer.from('x'));
  }
  const reserved = () =>
    bodies.flatMap((body) => body.take()).reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  assert.ok(reserved() <= 257 * MIB);
  // Which is theirs again.
  const next = new BodyChunks();
  next.expect(64 * MIB);
  next.add(Buffer.from('x'));
  assert.equal(next.take()[0]!.buffer.byteLength, 64 * MIB);
});

test('memory of a small body goes to the next one, and to no two of them', () => {
  const first = new BodyChunks();
  first.add(Buffer.from('first'));
  const freed = first.take();
  freeChunks(freed);
  const second = new BodyChunks();
  second.add(Buffer.from('second'));
  // What was freed is no longer ours to free.
  freeChunks(freed);
  const third = new BodyChunks();
  third.add(Buffer.from('third'));
  const [ofSecond] = second.take();
  const [ofThird] = third.take();
  assert.equal(ofSecond?.buffer, freed[0]?.buffer);
  assert.notEqual(ofThird?.buffer, ofSecond?.buffer);
  assert.equal(String(ofSecond), 'second');
});
