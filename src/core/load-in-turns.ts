/**
 * Loads modules one after the other, with a turn of the event loop before each: loading a hundred files
 * takes 70 ms in which no socket is heard, and a handshake or a first request should not wait for it.
 */
export async function loadInTurns(loads: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const load of loads) {
    // Two: what came in is handled in the first, and what that made ready to go is sent in the second.
    await nextTurn();
    await nextTurn();
    await load();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
