/** Texts that are nearly right: what a seed decides of good ones, cut, doubled, swapped and spliced. */
import { seededRandom } from '../../src/demo/demo-items.ts';

export interface Mutations {
  /** Good texts, and some of those that are known to be difficult. */
  readonly corpus: readonly string[];
  /** What the grammar is made of. */
  readonly tokens: readonly string[];
}

/** Longer ones would cost time and find nothing: what is long has tests of its own. */
const MOST_CHARACTERS = 400;
const MOST_EDITS = 4;

/** Each call gives the next text; the same seed gives the same texts. */
export function mutator({ corpus, tokens }: Mutations, seed: number): () => string {
  const random = seededRandom(seed);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const pick = (texts: readonly string[]): string => texts[upTo(texts.length - 1)]!;
  const span = (text: string): [from: number, to: number] => {
    const from = upTo(text.length);
    return [from, Math.min(text.length, from + upTo(8))];
  };
  const insert = (text: string): string => {
    const at = upTo(text.length);
    return text.slice(0, at) + pick(tokens) + text.slice(at);
  };
  const edits: readonly ((text: string) => string)[] = [
    insert,
    insert,
    (text) => {
      const [from, to] = span(text);
      return text.slice(0, from) + text.slice(to);
    },
    (text) => {
      const [from, to] = span(text);
      return text.slice(0, to) + text.slice(from);
    },
    (text) => {
      const [from, to] = span(text);
      return text.slice(0, from) + pick(tokens) + text.slice(to);
    },
    (text) => {
      const at = upTo(text.length);
      const code = random() < 0.8 ? upTo(0x7f) : upTo(0xffff);
      return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
    },
    (text) => {
      const other = pick(corpus);
      return text.slice(0, upTo(text.length)) + other.slice(upTo(other.length));
    },
    (text) => text.slice(0, upTo(text.length)),
  ];
  return () => {
    let text = pick(corpus);
    for (let left = 1 + upTo(MOST_EDITS - 1); left > 0; left -= 1) {
      text = edits[upTo(edits.length - 1)]!(text);
    }
    return text.slice(0, MOST_CHARACTERS);
  };
}
