/** The page of reports as one HTML file, script and style within it, which only the data is added to. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'src/report/page');
const UPLOT = join(ROOT, 'node_modules/uplot');

/** Everything else is forbidden, to this page and to whatever a server managed to put into it. */
function policyFor(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

async function bundledScript(): Promise<string> {
  const made = await rolldown({
    cwd: ROOT,
    input: join(PAGE, 'main.ts'),
    platform: 'browser',
    external: [/^node:/],
  });
  const { output } = await made.generate({
    format: 'iife',
    comments: false,
    minify: true,
  });
  await made.close();
  const [{ code }, ...others] = output;
  if (others.length > 0 || /["'`]node:|<\/script|<!--/i.test(code)) {
    throw new Error('the script of the report does not stand by itself in a page');
  }
  return code;
}

/** Without the white space between its tokens. */
function smaller(css: string): string {
  return css
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{}:;,>]) ?(?![^(]*\))/g, '$1')
    .trim();
}

/** Writes the page to `path`, compressed: so it takes a third of the room in the package. */
export async function buildReportPage(path: string): Promise<void> {
  const read = (file: string): string => readFileSync(file, 'utf8');
  const licence = read(join(UPLOT, 'LICENSE')).replace(/\s+/g, ' ').trim();
  const script = `/* uPlot (https://github.com/leeoniya/uPlot): ${licence} */\n${await bundledScript()}`;
  const style = smaller(read(join(UPLOT, 'dist/uPlot.min.css')) + read(join(PAGE, 'style.css')));
  const page = read(join(PAGE, 'page.html'))
    .replace('"CSP"', () => `"${policyFor(script, style)}"`)
    .replace('/*STYLE*/', () => style)
    .replace('/*SCRIPT*/', () => script);
  writeFileSync(path, brotliCompressSync(page));
}
