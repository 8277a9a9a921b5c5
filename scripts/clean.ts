/** Removes dist/, so that a file that was deleted in src/ is not shipped. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

rmSync(join(import.meta.dirname, '..', 'dist'), { recursive: true, force: true });
