/** The built page of reports, for tests that run the sources. */
import { existsSync, globSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildReportPage } from '../../scripts/build-report-page.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'dist/report-page.html.br');

/** Builds it where it is older than its sources. Other tests may read it meanwhile. */
export async function buildPageIfNeeded(): Promise<void> {
  const sources = [
    ...globSync('src/report/**/*', { cwd: ROOT }),
    'src/core/units.ts',
    'scripts/build-report-page.ts',
  ];
  const changedAt = Math.max(...sources.map((file) => statSync(join(ROOT, file)).mtimeMs));
  if (existsSync(PAGE) && statSync(PAGE).mtimeMs >= changedAt) return;
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  const temporary = `${PAGE}.${process.pid}`;
  await buildReportPage(temporary);
  renameSync(temporary, PAGE);
}
