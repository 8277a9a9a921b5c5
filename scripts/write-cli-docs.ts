/** Writes docs/cli.md from the table of flags. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cliDocs } from '../src/cli/help.ts';

const folder = new URL('../docs/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('cli.md', folder), cliDocs());
