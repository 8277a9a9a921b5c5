/** What the demos have in common. */
import { open } from 'node:fs/promises';
import type { TypedArguments } from './parse-arguments.ts';

/** Those flags of the demo that say how to tell of the run. */
export function messageFlags(typed: TypedArguments): readonly string[] {
  const words = Array<string>(typed.count('verbose')).fill('-v');
  for (const name of ['progress', 'color'] as const) {
    const value = typed.value(name);
    if (value !== null) words.push(`--${name}=${value}`);
  }
  return words;
}

/** The beginning of an output, to show. */
export async function firstLines(path: string, count: number): Promise<readonly string[]> {
  const file = await open(path);
  try {
    const lines: string[] = [];
    for await (const line of file.readLines()) {
      if (lines.push(line) === count) break;
    }
    return lines;
  } finally {
    await file.close();
  }
}
