import { HybridWriter } from './hybrid.ts';
import type { SchemaElement } from './schema-element.ts';
import type { ValueStore } from './values.ts';

/** Where a leaf stands in the schema: how many of the elements above it may be missing, or repeat. */
export interface Levels {
  readonly definition: number;
  readonly repetition: number;
}

/**
 * A column of a row group as Parquet stores it: values, and for each place where one could be, how far the
 * elements above it are there (definition) and which of them repeats (repetition). Dremel, section 4.1
 * (Melnik and others, 2010).
 */
export class Leaf<Store extends ValueStore = ValueStore> {
  readonly element: SchemaElement;
  /** Names from the top. */
  readonly path: readonly string[];
  readonly levels: Levels;
  readonly values: Store;
  readonly definitions: HybridWriter;
  /** Null where nothing above it repeats. */
  readonly repetitions: HybridWriter | null;
  /** Values and places without one. */
  places = 0;

  constructor(element: SchemaElement, path: readonly string[], levels: Levels, values: Store) {
    this.element = element;
    this.path = path;
    this.levels = levels;
    this.values = values;
    this.definitions = new HybridWriter(bitsFor(levels.definition));
    this.repetitions =
      levels.repetition === 0 ? null : new HybridWriter(bitsFor(levels.repetition));
  }

  /** A value follows in `values`. */
  present(repetition: number): void {
    this.absent(this.levels.definition, repetition);
  }

  /** No value is there: what is there above ends at `definition`. */
  absent(definition: number, repetition: number): void {
    this.places += 1;
    this.definitions.add(definition);
    this.repetitions?.add(repetition);
  }

  clear(): void {
    this.places = 0;
    this.values.clear();
    this.definitions.clear();
    this.repetitions?.clear();
  }
}

function bitsFor(most: number): number {
  return 32 - Math.clz32(most);
}
