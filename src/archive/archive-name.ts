const SUFFIX = '.everypage';
const PART = '.part';

/** The finished archive of an output that is a file: itself, where that is all there is to be. */
export function archiveOf(output: string): string {
  return output.endsWith(SUFFIX) ? output : output + SUFFIX;
}

/** The same as the user named it; it may be the `.part` that we printed. */
export function archiveNamed(archive: string): string {
  return archive.endsWith(SUFFIX + PART) ? archive.slice(0, -PART.length) : archive;
}

/** What a finished archive is called while pages are missing, or not exported yet. */
export function partOf(complete: string): string {
  return complete + PART;
}
