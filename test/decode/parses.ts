/** Whether `JSON.parse` takes it: what JSON is, told by another. */
export function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
