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
