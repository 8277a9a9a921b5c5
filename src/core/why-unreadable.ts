const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it does not exist',
  EISDIR: 'it is a folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
};

/**
 * Why a file that the user named cannot be read, in words.
 *
 * @param error what `node:fs` threw
 */
export function whyUnreadable(error: unknown): string {
  const { code } = error as { code?: string };
  return REASONS[code ?? ''] ?? code ?? String(error);
}
