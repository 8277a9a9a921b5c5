import { readPageTree } from './page-tree.ts';
import { detached, type Value } from './value.ts';

/** What is wrong with an expression, or with a page under it, and where in the expression. */
export class ExpressionFault extends Error {
  override readonly name = 'ExpressionFault';
  /** Offset of the character, from 0. */
  readonly at: number;

  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** A symbol stands for itself. */
export type TokenType = 'name' | 'quoted name' | 'number' | 'literal' | 'end' | Symbol;
type Symbol = (typeof SYMBOLS)[number];

export interface Token {
  readonly type: TokenType;
  /** Offset in the expression. */
  readonly at: number;
  /** Of a name. */
  readonly name: string;
  /** Of a number or a literal. */
  readonly value: Value;
}

/** Longer ones first. */
const SYMBOLS = [
  ...(['[?', '[]', '||', '&&', '==', '!=', '<=', '>='] as const),
  ...(['[', ']', '{', '}', '(', ')', '.', ',', ':', '*', '@', '&', '|', '!', '<', '>'] as const),
] as const;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /-?[0-9]+/y;
const SPACE = /[ \t\r\n]+/y;

/** Splits an expression into tokens, the last of which is its end. Throws `ExpressionFault`. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;

  function matched(pattern: RegExp): string | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    if (found !== null) at += found.length;
    return found;
  }

  /** What stands between `mark` at the present position and the next one without a backslash. */
  function quoted(mark: string): string {
    const start = at + 1;
    for (at = start; text.charAt(at) !== mark; at++) {
      if (at >= text.length) {
        throw new ExpressionFault(start - 1, `the ${mark} that begins here is not closed`);
      }
      if (text.charAt(at) === '\\') at++;
    }
    return text.slice(start, at++);
  }

  while (at < text.length) {
    const start = at;
    if (matched(SPACE) !== null) continue;
    const add = (type: TokenType, name = '', value: Value = null): void => {
      tokens.push({ type, at: start, name, value });
    };
    const first = text.charAt(at);
    if (first === '"') add('quoted name', nameIn(quoted('"'), start));
    else if (first === "'") add('literal', '', quoted("'").replaceAll("\\'", "'"));
    else if (first === '`') add('literal', '', literalIn(quoted('`'), start));
    else {
      const name = matched(NAME);
      const number = name === null ? matched(NUMBER) : null;
      if (name !== null) add('name', name);
      else if (number !== null) add('number', '', Number(number));
      else {
        const symbol = SYMBOLS.find((one) => text.startsWith(one, at));
        if (symbol === undefined) throw new ExpressionFault(at, strange(text, at));
        at += symbol.length;
        add(symbol);
      }
    }
  }
  tokens.push({ type: 'end', at: text.length, name: '', value: null });
  return tokens;
}

function strange(text: string, at: number): string {
  if (text.charAt(at) === '=') return 'one = means nothing; a comparison is ==';
  return `${String.fromCodePoint(text.codePointAt(at)!)} cannot stand here`;
}

function nameIn(content: string, at: number): string {
  const value = parsed(`"${content}"`);
  if (typeof value === 'string') return value;
  throw new ExpressionFault(at, 'the quoted name is not a JSON string');
}

function literalIn(content: string, at: number): Value {
  const literal = content.replaceAll('\\`', '`').trim();
  // Read as a page is, so that 9007199254740993 is compared by its digits.
  if (parsed(literal) !== undefined) return detached(readPageTree(Buffer.from(literal)));
  throw new ExpressionFault(at, "between ` must stand JSON; a text is written 'like this'");
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
