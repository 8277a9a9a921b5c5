/** Publishes small packages to a registry, by the request that `npm publish` sends. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** Rejects where the registry refuses one. */
export async function publishPackages(origin: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const response = await fetch(`${origin}/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(packageDocument(origin, name)),
    });
    const said = await response.text();
    if (!response.ok) throw new Error(`${name} was not published: ${response.status} ${said}`);
  }
}

function packageDocument(origin: string, name: string): object {
  const manifest = { name, version: '1.0.0', description: `what ${name} does: “nothing”` };
  const tarball = gzipSync(tarOf('package/package.json', JSON.stringify(manifest)));
  const file = `${name}-1.0.0.tgz`;
  const digest = (algorithm: string, encoding: 'hex' | 'base64'): string =>
    createHash(algorithm).update(tarball).digest(encoding);
  const dist = {
    shasum: digest('sha1', 'hex'),
    integrity: `sha512-${digest('sha512', 'base64')}`,
    tarball: `${origin}/${name}/-/${file}`,
  };
  return {
    _id: name,
    name,
    description: manifest.description,
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { ...manifest, _id: `${name}@1.0.0`, dist } },
    _attachments: {
      [file]: {
        content_type: 'application/octet-stream',
        data: tarball.toString('base64'),
        length: tarball.length,
      },
    },
  };
}

/** One file as POSIX ustar: a header of 512 bytes, the content in blocks of 512, two empty blocks. */
function tarOf(path: string, text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number): string =>
    `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(path, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(0, 11), 136);
  // The checksum is taken with its own field blank.
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((-content.length & 511) + 1024)]);
}
