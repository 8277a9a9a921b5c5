/** Writes docs/cli.md and man/everypage.1 from the table of flags. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cliDocs } from './docs/cli-page.ts';
import { manPage } from './docs/man-page.ts';

const root = new URL('../', import.meta.url);
mkdirSync(new URL('man/', root), { recursive: true });
writeFileSync(new URL('docs/cli.md', root), cliDocs());
writeFileSync(new URL('man/everypage.1', root), manPage());
