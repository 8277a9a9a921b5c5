/** Where the archive thread begins among the sources; `dist/` has a file of its own for this. */
import { parentPort } from 'node:worker_threads';
import { serveArchive } from './serve-archive.ts';

serveArchive(parentPort!);
