/** Draws what is on the screen at once, and all else when it comes there: a plot costs milliseconds. */
export class WhenSeen {
  readonly #node: HTMLElement;
  readonly #draw: () => void;
  readonly #observer: IntersectionObserver;
  /** Null before the observer has looked. */
  #isSeen: boolean | null = null;
  #isAsked = false;

  constructor(node: HTMLElement, draw: () => void) {
    this.#node = node;
    this.#draw = draw;
    this.#observer = new IntersectionObserver((entries) => {
      this.#isSeen = entries.at(-1)!.isIntersecting;
      if (this.#isAsked) this.ask();
    });
    this.#observer.observe(node);
  }

  get isSeen(): boolean {
    if (this.#isSeen !== null) return this.#isSeen;
    const { top, bottom } = this.#node.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  /** What it shows has changed. */
  ask(): void {
    if (this.isSeen) this.now();
    else this.#isAsked = true;
  }

  /** Draws wherever it is: on paper all is seen. */
  now(): void {
    this.#isAsked = false;
    this.#draw();
  }

  /** Draws what was asked for, before it is seen. */
  ahead(): void {
    if (this.#isAsked) this.now();
  }

  dispose(): void {
    this.#observer.disconnect();
  }
}
