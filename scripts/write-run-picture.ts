/**
 * Writes docs/run.svg: a real run against the demo's API, as tmux saw it on a terminal. Run it with
 * `npm run picture`; it needs tmux and a built dist/. The picture plays the run once in real time and
 * then stands at its end, which is also what a reader without animations sees.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDemoServer } from '../src/demo/demo-server.ts';

const ROOT = join(import.meta.dirname, '..');
const COLUMNS = 106;
const ROWS = 7;
const FRAME_MS = 500;
const HOLD_MS = 8000;
const LONGEST_RUN_MS = 60_000;
/** Pixels of one character cell at this font size. */
const FONT_PX = 14;
const CELL = { width: 8.43, height: 20 };
const MARGIN = { left: 18, top: 44, bottom: -2 };

const BACKGROUND = '#16181d';
const FOREGROUND = '#d7dae0';
const COLORS: Readonly<Record<number, string>> = {
  31: '#f0717b',
  32: '#8cc570',
  33: '#e2bd6b',
  34: '#67a9f2',
  35: '#c586d8',
  36: '#5fb9c4',
  90: '#7f8794',
};

interface Style {
  readonly color: string;
  readonly bold: boolean;
  readonly dim: boolean;
}

interface TextRun {
  readonly column: number;
  readonly text: string;
  readonly style: Style;
}

/** SGR, ECMA-48 §8.3.117. */
const SELECT_STYLE = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`);
const PLAIN: Style = { color: FOREGROUND, bold: false, dim: false };

/** Runs the command in a terminal of its own and returns what its screen held every FRAME_MS. */
async function record(url: string, ca: string): Promise<{ command: string; frames: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-picture-'));
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-L', 'everypage-picture', '-f', '/dev/null', ...args], {
      encoding: 'utf8',
    });
  const words = `'${url}' \\\n    --cacert ca.pem --select data.items -o items.ndjson`;
  const real = `'${process.execPath}' '${ROOT}/bin/everypage.cjs' ${words}`;
  try {
    writeFileSync(join(folder, 'ca.pem'), ca);
    const proxies = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_COLOR'];
    const environment = `env ${proxies.map((name) => `-u ${name}`).join(' ')}`;
    tmux(
      ...['new-session', '-d', '-x', `${COLUMNS}`, '-y', `${ROWS}`, '-c', folder],
      `${environment} ${real}; echo $? > exit-code; sleep 30`,
    );
    const frames: string[] = [];
    const exitCode = join(folder, 'exit-code');
    for (let at = 0; !existsSync(exitCode) && at < LONGEST_RUN_MS; at += FRAME_MS) {
      frames.push(tmux('capture-pane', '-p', '-e'));
      await sleep(FRAME_MS);
    }
    await sleep(FRAME_MS);
    frames.push(tmux('capture-pane', '-p', '-e'));
    const code = readFileSync(exitCode, 'utf8').trim();
    if (code !== '0') throw new Error(`the run ended with ${code}:\n${frames.at(-1)}`);
    return { command: `everypage ${words}`, frames };
  } finally {
    try {
      tmux('kill-server');
    } catch {
      // It never came up; the error that says why is on its way.
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function restyle(style: Style, codes: string): Style {
  let next = style;
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) next = PLAIN;
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code === 39) next = { ...next, color: FOREGROUND };
    else if (COLORS[code] !== undefined) next = { ...next, color: COLORS[code] };
  }
  return next;
}

/** tmux carries a style from one line to the next, so a screen is read as a whole. */
function readScreen(screen: string): readonly (readonly TextRun[])[] {
  let style = PLAIN;
  return screen.split('\n').map((line) => {
    const runs: TextRun[] = [];
    let column = 0;
    // Escape sequences stand at the odd places.
    for (const [index, part] of line.split(SELECT_STYLE).entries()) {
      if (index % 2 === 1) {
        style = restyle(style, part);
        continue;
      }
      const text = part.trimEnd();
      if (text !== '') runs.push({ column, text, style });
      column += part.length;
    }
    return runs;
  });
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Each run states where it stands and how wide it is, so that any fixed font lines up. */
function drawRun({ column, text, style }: TextRun, row: number): string {
  const x = (MARGIN.left + column * CELL.width).toFixed(1);
  const y = MARGIN.top + row * CELL.height;
  const width = (text.length * CELL.width).toFixed(1);
  const color = style.color === FOREGROUND ? '' : ` fill="${style.color}"`;
  const weight = style.bold ? ' font-weight="700"' : '';
  const opacity = style.dim ? ' opacity=".6"' : '';
  return `<text x="${x}" y="${y}" textLength="${width}"${color}${weight}${opacity}>${escapeXml(text)}</text>`;
}

function drawScreen(screen: string, firstRow: number): string {
  return readScreen(screen)
    .flatMap((runs, row) => runs.map((run) => drawRun(run, firstRow + row)))
    .join('');
}

function draw(command: string, frames: readonly string[]): string {
  const typed = command.split('\n');
  const heights = frames.map((frame) => readScreen(frame).findLastIndex((runs) => runs.length > 0));
  const rows = typed.length + 1 + Math.max(...heights);
  const width = Math.ceil(2 * MARGIN.left + COLUMNS * CELL.width);
  const height = MARGIN.top + rows * CELL.height + MARGIN.bottom;
  const totalMs = (frames.length - 1) * FRAME_MS + HOLD_MS;
  const share = (ms: number) => `${((100 * ms) / totalMs).toFixed(3)}%`;
  const playing = frames.slice(0, -1).map((frame, index) => {
    // Negative: every frame is somewhere in its cycle from the start.
    const delay = (index * FRAME_MS - totalMs) / 1000;
    return `<g class="f" style="animation-delay:${delay}s">${drawScreen(frame, typed.length)}</g>`;
  });
  const prompt = [
    drawRun({ column: 0, text: '$', style: { ...PLAIN, dim: true } }, 0),
    ...typed.map((text, row) => drawRun({ column: 2, text, style: { ...PLAIN, bold: true } }, row)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A terminal: everypage fetches 300 pages, pauses when the server asks for it, and ends with: All 300 pages are OK.">
<style>
text{white-space:pre;font:${FONT_PX}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.f{visibility:hidden}
@media (prefers-reduced-motion:no-preference){
.f{animation:f ${totalMs / 1000}s step-end infinite}
.e{animation:e ${totalMs / 1000}s step-end infinite}
}
@keyframes f{0%{visibility:visible}${share(FRAME_MS)}{visibility:hidden}100%{visibility:hidden}}
@keyframes e{0%{visibility:hidden}${share(totalMs - HOLD_MS)}{visibility:visible}100%{visibility:visible}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>
<g fill="#3a3f4a"><circle cx="20" cy="16" r="5"/><circle cx="36" cy="16" r="5"/><circle cx="52" cy="16" r="5"/></g>
<g fill="${FOREGROUND}">${prompt.join('')}
${playing.join('\n')}
<g class="e">${drawScreen(frames.at(-1)!, typed.length)}</g></g>
</svg>
`;
}

const server = await startDemoServer();
try {
  const { command, frames } = await record(server.url, server.ca);
  writeFileSync(join(ROOT, 'docs', 'run.svg'), draw(command, frames));
} finally {
  await server.close();
}
