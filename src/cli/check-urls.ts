/** Advice for those who give a fetch no URL, or a file, a body or an archive in its place. */
import { existsSync } from 'node:fs';
import { flagNamed } from './flags.ts';
import { type TypedArguments, UsageError, wordsOf } from './typed-arguments.ts';

/** @throws UsageError where it is no URL and no list of URLs */
export function checkUrls(typed: TypedArguments): void {
  if (typed.positionals.length === 0) {
    const taken = typed.flags.find(({ value }) => /^https?:\/\//i.test(value ?? ''));
    if (taken !== undefined && flagNamed(taken.name).value?.name !== 'URL') {
      throw new UsageError(`no URL is given: ${taken.rawName} took it for its value`, [
        ...wordsOf(typed, (it) =>
          it === taken ? { ...it, value: flagNamed(it.name).value!.example } : it,
        ),
        taken.value!,
      ]);
    }
    throw new UsageError('no URL is given', [
      'https://api.example.com/items',
      '-o',
      'items.ndjson',
    ]);
  }
  for (const argument of typed.positionals) checkIsNoFile(argument);
}

/** The name of a file, or a body, in place of a URL gets better advice than to add a scheme. */
function checkIsNoFile(argument: string): void {
  // A body, as curl and httpie take it after `--json`. It may hold credentials.
  if (/^[{[]/.test(argument)) {
    throw new UsageError('JSON stands where a URL is due; -d sends a body', [
      'https://api.example.com/items',
      '-d',
      '@body.json',
    ]);
  }
  if (/^(?:@|-$|[a-z]+:)/i.test(argument)) return;
  if (/\.everypage(?:\.part)?$/.test(argument)) {
    throw new UsageError(
      `${argument} is an archive, not a URL; everypage export and verify read it`,
      ['verify', argument],
    );
  }
  if (!existsSync(argument)) return;
  throw new UsageError(
    `${argument} is a file, not a URL; to read URLs from it, write @${argument}`,
    [`@${argument}`],
  );
}
