/** Runs as if this system were Windows, as far as our code asks in this thread. */
export function onWindows(work: () => void): void {
  const own = Object.getOwnPropertyDescriptor(process, 'platform')!;
  Object.defineProperty(process, 'platform', { ...own, value: 'win32' });
  try {
    work();
  } finally {
    Object.defineProperty(process, 'platform', own);
  }
}
