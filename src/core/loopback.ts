const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/**
 * Whether the `Host` of a request names this machine. A page on the web can make a name of its own mean
 * 127.0.0.1 (DNS rebinding), but not one of these.
 *
 * @param authority `localhost:8080`, with or without its port
 */
export function isLoopback(authority: string): boolean {
  return LOOPBACK.test(authority.replace(/:\d+$/, ''));
}
