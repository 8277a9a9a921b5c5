/**
 * Draws CPU profiles as one flame graph (SVG), a thread beside the other; idle time is left out.
 *
 *     node --cpu-prof --cpu-prof-dir=DIR bin/everypage.cjs …
 *     node bench/flame-graph.ts 'title' DIR/*.cpuprofile > flame.svg
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const WIDTH = 1200;
const ROW = 16;
const LEAST_WIDTH = 40;
const NOT_WORK = new Set(['(idle)', '(program)']);

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function below one way of calls to it. */
interface Frame {
  readonly name: string;
  us: number;
  readonly children: Map<string, Frame>;
}

const frame = (name: string): Frame => ({ name, us: 0, children: new Map() });

function treeOf(path: string, name: string): Frame {
  const { nodes, samples, timeDeltas }: Profile = JSON.parse(readFileSync(path, 'utf8'));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map<number, number>();
  for (const [at, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + timeDeltas[at]!);
  const add = (node: ProfileNode, parent: Frame): void => {
    const { functionName, url } = node.callFrame;
    if (NOT_WORK.has(functionName)) return;
    const label = functionName === '' ? `(${basename(url) || 'no name'})` : functionName;
    const alone = own.get(node.id) ?? 0;
    const here = parent.children.get(label) ?? frame(label);
    parent.children.set(label, here);
    const before = here.us;
    here.us += alone;
    for (const child of node.children ?? []) add(byId.get(child)!, here);
    parent.us += here.us - before;
  };
  const root = frame(name);
  for (const child of nodes[0]?.children ?? []) add(byId.get(child)!, root);
  return root;
}

const escapeXml = (text: string): string =>
  text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);

function draw(root: Frame): { readonly shapes: string; readonly depth: number } {
  const perUs = WIDTH / root.us;
  const shapes: string[] = [];
  let deepest = 0;
  const drawFrame = ({ name, us, children }: Frame, left: number, depth: number): void => {
    const width = us * perUs;
    if (width < LEAST_WIDTH) return;
    deepest = Math.max(deepest, depth);
    const label = `${name}: ${(us / 1000).toFixed(0)} ms`;
    const letters = Math.floor(width / 6.5) - 1;
    const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 50, 7);
    const y = (depth + 2) * ROW;
    shapes.push(
      `<g><title>${escapeXml(label)}</title><rect x="${left.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="hsl(${hue},80%,68%)"/>` +
        `${letters < 3 ? '' : `<text x="${(left + 3).toFixed(1)}" y="${y + 12}">${escapeXml(label.slice(0, letters))}</text>`}</g>`,
    );
    let at = left;
    for (const child of [...children.values()].sort((a, b) => b.us - a.us)) {
      drawFrame(child, at, depth + 1);
      at += child.us * perUs;
    }
  };
  drawFrame(root, 0, 0);
  return { shapes: shapes.join('\n'), depth: deepest };
}

const [title = '', ...paths] = process.argv.slice(2);
const all = frame('both threads');
for (const [at, path] of paths.toSorted().entries()) {
  const tree = treeOf(path, at === 0 ? 'main thread' : 'archive thread');
  all.children.set(path, tree);
  all.us += tree.us;
}
const { shapes, depth } = draw(all);
const height = (depth + 4) * ROW;
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="4" y="16" font-size="13">${escapeXml(title)}</text>
${shapes}
</svg>
`,
);
