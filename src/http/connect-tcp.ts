/**
 * From a host to a TCP connection: happy eyeballs (RFC 8305). All addresses are tried, each a little
 * after the one before, and the first to answer wins. Unlike Node's own (`autoSelectFamily`) a later
 * attempt does not end an earlier one: behind a slow link Node gives up every address but the last.
 */
import { ADDRCONFIG, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';

/** RFC 8305 §5, "Connection Attempt Delay". */
const ATTEMPT_DELAY_MS = 250;

export interface TcpSettings {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  /** Begins to connect to an address. */
  readonly open: (address: string, port: number) => Socket;
  /** Every socket, as soon as there is one. */
  readonly onSocket: (socket: Socket) => void;
  /** Gives up, and leaves no socket behind. */
  readonly signal: AbortSignal;
}

/** Rejects with the resolver's error, or with that of the first address; both as Node has them. */
export async function connectTcp(settings: TcpSettings): Promise<Socket> {
  const { host, port, lookup, open, onSocket, signal } = settings;
  const addresses = interleaved(await resolve(host, lookup));
  signal.throwIfAborted();
  const trying = new Set<Socket>();
  const errors: Error[] = [];
  const { promise, resolve: win, reject } = Promise.withResolvers<Socket>();
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  const tryNext = (): void => {
    clearTimeout(timer);
    const address = addresses[next];
    if (address === undefined) return;
    next += 1;
    const socket = open(address, port);
    trying.add(socket);
    onSocket(socket);
    const onError = (error: Error): void => {
      socket.off('close', onClose);
      errors.push(error);
      trying.delete(socket);
      if (next < addresses.length) tryNext();
      else if (trying.size === 0) reject(errors[0]);
    };
    // A socket that is destroyed while it connects gives no error.
    const onClose = (): void => onError(new Error('closed'));
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once('connect', () => {
      trying.delete(socket);
      socket.off('error', onError);
      socket.off('close', onClose);
      win(socket);
    });
    if (next < addresses.length) timer = setTimeout(tryNext, ATTEMPT_DELAY_MS);
  };
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  tryNext();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    for (const socket of trying) {
      socket.destroy();
    }
  }
}

function resolve(host: string, lookup: LookupFunction): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return Promise.resolve([{ address: host, family }]);
  // As Node's sockets ask: no IPv6 addresses where the machine itself has none.
  const hints = process.platform === 'win32' ? 0 : ADDRCONFIG;
  return new Promise((found, reject) => {
    lookup(host, { all: true, hints }, (error, answer, answerFamily) => {
      if (error !== null) reject(error);
      else if (typeof answer !== 'string') found(answer);
      else found([{ address: answer, family: answerFamily ?? isIP(answer) }]);
    });
  });
}

/** Families by turns, beginning with that of the first (RFC 8305 §4). */
function interleaved(addresses: readonly LookupAddress[]): readonly string[] {
  if (addresses.length === 0) throw noAddress();
  const first = addresses[0]!.family;
  const same = addresses.filter(({ family }) => family === first);
  const other = addresses.filter(({ family }) => family !== first);
  return Array.from({ length: Math.max(same.length, other.length) }, (_, index) => [
    same[index]?.address,
    other[index]?.address,
  ])
    .flat()
    .filter((address) => address !== undefined);
}

function noAddress(): Error {
  return Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' });
}
