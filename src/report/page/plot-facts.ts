/** The facts that a plot is drawn from. */
import type { Palette } from './palette.ts';

export interface Line {
  readonly name: string;
  readonly colour: Exclude<keyof Palette, 'kinds'>;
  /** `area`: filled steps. `steps`: a value that holds until the next. `line`: points that are joined. */
  readonly as: 'area' | 'steps' | 'line';
  readonly isDashed?: boolean;
  readonly scale?: 'y' | 'right';
  readonly say: (value: number) => string;
  /** On the axis, where there is less room; `say` by default. */
  readonly tick?: (value: number) => string;
  /** High peaks may be cut off, because they would make all other values small. */
  readonly mayLeave?: boolean;
  /** Seen where it is near the others; it makes none of them small. */
  readonly isAside?: boolean;
}

export interface PlotFacts {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly lines: readonly Line[];
  readonly height: number;
  /** Latencies differ by orders of magnitude. */
  readonly isLogarithmic?: boolean;
  /** Pauses are named where they are wide enough. */
  readonly namesPauses?: boolean;
}
