import type { Comparison, Expression } from './evaluate.ts';
import { checkCall } from './functions.ts';
import { ExpressionFault, type Token, type TokenType, tokensOf } from './tokens.ts';

const CURRENT: Expression = { type: 'current' };

/** How tightly a token binds to what stands before it; those not named end an expression. */
const BINDING: Partial<Record<TokenType, number>> = {
  '|': 1,
  '||': 2,
  '&&': 3,
  '==': 5,
  '!=': 5,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '[]': 9,
  '*': 20,
  '[?': 21,
  '.': 40,
  '[': 55,
  '(': 60,
};

/**
 * What `!` takes: all but comparisons, so that `!at.city` is `!(at.city)`. The specification leaves it open,
 * and a truth has no fields.
 */
const NEGATED = 8;

/** What binds less tightly ends a projection. */
const ENDS_PROJECTION = 10;

/** Characters of an expression. Far above what a person writes, and read within a millisecond. */
const LONGEST = 10_000;
/** Levels of an expression: parts within parts, and parts behind each other as in `a.b.c`. */
const DEEPEST = 500;

/**
 * Reads an expression by the grammar of jmespath.org (version 1.0), without the deprecated
 * literals that are not JSON. Names and numbers of arguments of functions are checked too. It takes
 * time in proportion to the length.
 *
 * Throws `ExpressionFault`, also beyond 10,000 characters and 500 levels: what walks the tree calls
 * itself once for each level.
 */
export function parseExpression(text: string): Expression {
  if (text.length > LONGEST) {
    const length = `${text.length} characters`;
    throw new ExpressionFault(LONGEST, `it has ${length}, and an expression at most ${LONGEST}`);
  }
  const parser = new Parser(tokensOf(text));
  return parser.whole();
}

/** Top-down operator precedence (Pratt 1973). */
class Parser {
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression(0);
    this.#take('end');
    return expression;
  }

  get #next(): Token {
    return this.#tokens[this.#index]!;
  }

  #isNext(...types: readonly TokenType[]): boolean {
    return types.includes(this.#next.type);
  }

  #isSecondNext(type: TokenType): boolean {
    return this.#tokens[this.#index + 1]?.type === type;
  }

  #take(type: TokenType): Token {
    if (!this.#isNext(type)) {
      throw this.#unexpected(type === 'end' ? null : `${type} is due`);
    }
    return this.#tokens[this.#index++]!;
  }

  #takeIf(type: TokenType): boolean {
    const isThere = this.#isNext(type);
    if (isThere) this.#index++;
    return isThere;
  }

  #unexpected(due: string | null): ExpressionFault {
    const { type, at, name } = this.#next;
    if (type === 'number' && due === null) {
      return new ExpressionFault(at, 'a number is written between backticks, as in `10`');
    }
    const what =
      type === 'end' ? 'it ends early' : `${name === '' ? type : name} cannot stand here`;
    return new ExpressionFault(at, due === null ? what : `${what}: ${due}`);
  }

  #expression(binding: number): Expression {
    const outer = this.#depth;
    this.#goDeeper();
    let left = this.#begin();
    while (binding < (BINDING[this.#next.type] ?? 0)) {
      this.#goDeeper();
      left = this.#goOn(left);
    }
    this.#depth = outer;
    return left;
  }

  #goDeeper(): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST) {
      throw new ExpressionFault(this.#next.at, `it nests more than ${DEEPEST} levels deep`);
    }
  }

  #begin(): Expression {
    const { type, name, value } = this.#next;
    switch (type) {
      case 'name':
      case 'quoted name':
        this.#index++;
        return { type: 'field', name };
      case 'literal':
        this.#index++;
        return { type: 'literal', value };
      case '@':
        this.#index++;
        return CURRENT;
      case '!':
        this.#index++;
        return { type: 'not', operand: this.#expression(NEGATED) };
      case '(': {
        this.#index++;
        const inner = this.#expression(0);
        this.#take(')');
        return inner;
      }
      case '{':
        return this.#object();
      case '*':
        this.#index++;
        return { type: 'members', object: CURRENT, each: this.#each(BINDING['*']!) };
      case '[?':
      case '[]':
        return this.#goOn(CURRENT);
      case '[': {
        const [, second, third] = this.#tokens.slice(this.#index, this.#index + 3);
        const isProjection = second?.type === '*' && third?.type === ']';
        const isPosition = second?.type === 'number' || second?.type === ':';
        return isProjection || isPosition ? this.#goOn(CURRENT) : this.#array();
      }
      default:
        throw this.#unexpected(null);
    }
  }

  #goOn(left: Expression): Expression {
    const { type, at } = this.#next;
    const binding = BINDING[type]!;
    if (type === '(') return this.#call(left);
    this.#index++;
    switch (type) {
      case '.':
        if (!this.#takeIf('*')) return { type: 'then', left, right: this.#afterDot(binding) };
        return { type: 'members', object: left, each: this.#each(binding) };
      case '|':
        return { type: 'then', left, right: this.#expression(binding) };
      case '||':
        return { type: 'or', left, right: this.#expression(binding) };
      case '&&':
        return { type: 'and', left, right: this.#expression(binding) };
      case '[]':
        return {
          type: 'elements',
          list: { type: 'flatten', list: left },
          each: this.#each(binding),
        };
      case '[?': {
        const condition = this.#expression(0);
        this.#take(']');
        const each = this.#isNext('[]') ? CURRENT : this.#each(binding);
        return { type: 'filter', list: left, condition, each };
      }
      case '[':
        if (this.#isNext('number', ':')) return this.#position(left);
        if (!this.#takeIf('*')) throw this.#unexpected('after a [ a number, *, : or ] is due');
        this.#take(']');
        return { type: 'elements', list: left, each: this.#each(BINDING['*']!) };
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.#compare(left, type, binding);
      default:
        this.#index--;
        throw new ExpressionFault(at, `${type} cannot stand here`);
    }
  }

  #compare(left: Expression, operator: Comparison, binding: number): Expression {
    return { type: 'compare', operator, left, right: this.#expression(binding) };
  }

  /** What is done with each element of a projection. */
  #each(binding: number): Expression {
    if ((BINDING[this.#next.type] ?? 0) < ENDS_PROJECTION) return CURRENT;
    if (this.#isNext('[', '[?')) return this.#expression(binding);
    this.#take('.');
    return this.#afterDot(binding);
  }

  #afterDot(binding: number): Expression {
    if (this.#isNext('name', 'quoted name', '*')) return this.#expression(binding);
    if (this.#isNext('[')) return this.#array();
    if (this.#isNext('{')) return this.#object();
    throw this.#unexpected('after a dot a name, *, [ or { is due');
  }

  /** `[0]` or `[1:5]` of what stands before, past the bracket. */
  #position(left: Expression): Expression {
    if (!this.#isNext(':') && !this.#isSecondNext(':')) {
      const index = Number(this.#take('number').value);
      this.#take(']');
      return { type: 'then', left, right: { type: 'index', index } };
    }
    const start = this.#sliceNumber();
    this.#take(':');
    const stop = this.#sliceNumber();
    const { at } = this.#next;
    const step = this.#takeIf(':') ? this.#sliceNumber() : null;
    if (step === 0) throw new ExpressionFault(at, 'the step of a slice cannot be 0');
    this.#take(']');
    const right: Expression = { type: 'slice', start, stop, step: step ?? 1 };
    return {
      type: 'elements',
      list: { type: 'then', left, right },
      each: this.#each(BINDING['*']!),
    };
  }

  #sliceNumber(): number | null {
    return this.#isNext('number') ? Number(this.#take('number').value) : null;
  }

  #array(): Expression {
    this.#take('[');
    const elements: Expression[] = [];
    do elements.push(this.#expression(0));
    while (this.#takeIf(','));
    this.#take(']');
    return { type: 'array', elements };
  }

  #object(): Expression {
    this.#take('{');
    const members: { name: string; value: Expression }[] = [];
    do {
      if (!this.#isNext('name', 'quoted name')) throw this.#unexpected('a name is due');
      const { name } = this.#tokens[this.#index++]!;
      this.#take(':');
      members.push({ name, value: this.#expression(0) });
    } while (this.#takeIf(','));
    this.#take('}');
    return { type: 'object', members };
  }

  #call(left: Expression): Expression {
    const token = this.#tokens[this.#index - 1]!;
    if (left.type !== 'field' || token.type !== 'name') {
      throw this.#unexpected('a call is a plain name before its bracket');
    }
    this.#take('(');
    const given: Expression[] = [];
    if (!this.#isNext(')')) {
      do given.push(this.#argument());
      while (this.#takeIf(','));
    }
    this.#take(')');
    checkCall(
      left.name,
      given.map(({ type }) => type === 'reference'),
      token.at,
    );
    return { type: 'call', name: left.name, given, at: token.at };
  }

  #argument(): Expression {
    if (!this.#takeIf('&')) return this.#expression(0);
    return { type: 'reference', expression: this.#expression(0) };
  }
}
