/** Django REST Framework of Debian, with each of its paginations. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { items } from './items.ts';
import type { RunningPeer } from './peer.ts';
import { startSaying } from './start-server.ts';
import { unpackDebian } from './unpack-debian.ts';

export const rows = items.map(({ title, price, parent }, index) => ({
  id: index + 1,
  title,
  // Django writes a float that is whole with `.0`.
  cents: price * 100,
  parent,
}));

export async function startDjango(folder: string): Promise<RunningPeer> {
  const { root, version } = unpackDebian(['python3-djangorestframework']);
  writeFileSync(join(folder, 'items.json'), JSON.stringify(rows));
  const running = await startSaying({
    command: 'python3',
    args: [join(import.meta.dirname, 'django-server.py'), 'items.json'],
    cwd: folder,
    env: {
      PATH: `/usr/bin:${process.env['PATH']}`,
      PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
    },
  });
  return { ...running, name: `Django REST ${version('python3-djangorestframework')}` };
}
