import type { Value } from './value.ts';

/** A JMESPath expression as a tree. */
export type Expression =
  | { readonly type: 'current' }
  | { readonly type: 'literal'; readonly value: Value }
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | Slice
  /** `a.b`, `a[0]`, `a | b` */
  | { readonly type: 'then'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'flatten'; readonly list: Expression }
  /** `list[*].each` */
  | { readonly type: 'elements'; readonly list: Expression; readonly each: Expression }
  /** `object.*.each` */
  | { readonly type: 'members'; readonly object: Expression; readonly each: Expression }
  /** `list[?condition].each` */
  | {
      readonly type: 'filter';
      readonly list: Expression;
      readonly condition: Expression;
      readonly each: Expression;
    }
  | { readonly type: 'array'; readonly elements: readonly Expression[] }
  | {
      readonly type: 'object';
      readonly members: readonly { readonly name: string; readonly value: Expression }[];
    }
  | {
      readonly type: 'compare';
      readonly operator: Comparison;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly type: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'not'; readonly operand: Expression }
  | Call
  /** `&expression`: a function applies it. */
  | { readonly type: 'reference'; readonly expression: Expression };

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

export interface Slice {
  readonly type: 'slice';
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number;
}

export interface Call {
  readonly type: 'call';
  readonly name: string;
  readonly given: readonly Expression[];
  /** Offset of the name in the expression. */
  readonly at: number;
}
