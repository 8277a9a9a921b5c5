/** The connection to Redis or Valkey: where it is, whether it is fit, and what to say where it is not. */
import type { Redis, RedisOptions } from 'ioredis';
import { expected, usageError } from '../core/errors.ts';
import { percentDecoded } from '../core/escape.ts';
import { shownQueue } from '../core/redact.ts';

/** Where the queue is. The URL that is shown holds no password. */
export interface QueueAddress {
  readonly shown: string;
  readonly options: RedisOptions;
  /** By so much leases and locks are shorter: 1, but for tests that kill who has them. */
  readonly leaseShare: number;
}

/** `EVERYPAGE_QUEUE_PASSWORD`, and a user for it: for a URL that holds neither. Tests set `EVERYPAGE_TEST_LEASE_SHARE`. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
 *
 * @throws EverypageError USAGE for anything else; the message does not repeat it
 */
export function readQueueAddress(text: string, env: Environment): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  const database = /^\/?(\d{0,5})$/.exec(url?.pathname ?? '-')?.[1];
  const isMeant =
    url !== null &&
    (url.protocol === 'redis:' || url.protocol === 'rediss:') &&
    url.hostname !== '' &&
    database !== undefined;
  if (!isMeant) {
    throw expected(
      'the URL of a queue such as redis://host:6379/0 or rediss://host',
      shownQueue(text),
    );
  }
  const username = percentDecoded(url.username) || env['EVERYPAGE_QUEUE_USER'] || undefined;
  const password = percentDecoded(url.password) || env['EVERYPAGE_QUEUE_PASSWORD'] || undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    shown: shownQueue(text),
    leaseShare: Number(env['EVERYPAGE_TEST_LEASE_SHARE']) || 1,
    options: {
      host,
      port: url.port === '' ? 6379 : Number(url.port),
      db: Number(database || 0),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(url.protocol === 'rediss:' ? { tls: { servername: host } } : {}),
    },
  };
}

const CONNECT_MS = 5_000;
/** While a queue restarts, it is tried again this often. */
const RETRY_MS = 200;

/** Connections that end together. */
export class QueueConnection {
  readonly address: QueueAddress;
  readonly redis: Redis;
  readonly #make: (options: RedisOptions) => Redis;
  readonly #others: Redis[] = [];

  private constructor(address: QueueAddress, make: (options: RedisOptions) => Redis) {
    this.address = address;
    this.#make = make;
    this.redis = make(address.options);
  }

  /**
   * Connects, and finds out whether the queue is fit.
   *
   * @param warn gets what is worth knowing, a sentence
   * @throws EverypageError USAGE where it cannot be reached, refuses the password, or would forget what is done
   */
  static async open(
    address: QueueAddress,
    warn: (message: string) => void,
  ): Promise<QueueConnection> {
    const { Redis } = await loadPeer(() => import('ioredis'));
    const connection = new QueueConnection(address, (options) => {
      const all = {
        ...options,
        replyMapping: 'legacy' as const,
        lazyConnect: true,
        connectTimeout: CONNECT_MS,
        // A command waits while the queue restarts; scripts may run twice without harm.
        maxRetriesPerRequest: null,
        retryStrategy: () => RETRY_MS,
      };
      const redis = new Redis(all);
      // Said where it is used; without a listener it would end the process.
      redis.on('error', () => {});
      return redis;
    });
    try {
      await connection.#connect();
      await connection.#check(warn);
      connection.#tellOfLoss(warn);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** For how long something is held that is `ms` by default. */
  leaseMs(ms: number): number {
    return Math.ceil(ms * this.address.leaseShare);
  }

  /** One more connection, for subscribing or for waiting in. */
  another(): Redis {
    const redis = this.#make(this.address.options);
    this.#others.push(redis);
    return redis;
  }

  close(): void {
    this.redis.removeAllListeners('close');
    this.redis.disconnect();
    for (const redis of this.#others) redis.disconnect();
  }

  /** Everything waits for a queue that restarts, which looks as if it hung. */
  #tellOfLoss(warn: (message: string) => void): void {
    let isLost = false;
    const tell = (isNowLost: boolean, what: string): void => {
      if (isLost !== isNowLost) warn(`the queue ${this.address.shown} ${what}`);
      isLost = isNowLost;
    };
    this.redis.on('close', () => tell(true, 'is gone; everything waits until it answers'));
    this.redis.on('ready', () => tell(false, 'answers again'));
  }

  async #connect(): Promise<void> {
    const { redis, address } = this;
    const failed = Promise.withResolvers<never>();
    redis.once('error', failed.reject);
    try {
      await Promise.race([redis.connect(), failed.promise]);
      await Promise.race([redis.ping(), failed.promise]);
    } catch (error) {
      throw usageError(`the queue ${address.shown} ${whyNotReached(error)}`);
    } finally {
      redis.off('error', failed.reject);
    }
  }

  async #check(warn: (message: string) => void): Promise<void> {
    const { redis, address } = this;
    let facts: ReadonlyMap<string, string>;
    try {
      facts = factsIn(await redis.info());
    } catch {
      warn(`the queue ${address.shown} does not say whether it evicts keys; it must not`);
      return;
    }
    const policy = facts.get('maxmemory_policy') ?? 'noeviction';
    if (policy !== 'noeviction') {
      throw usageError(
        `the queue ${address.shown} evicts keys when its memory is full (maxmemory-policy ${policy}), and would forget which pages are done; set maxmemory-policy noeviction there`,
      );
    }
    if (facts.get('aof_enabled') === '0') {
      warn(
        `the queue ${address.shown} keeps no append-only file: after a crash of it, everypage resume has to build the run again from the store; set appendonly yes there`,
      );
    }
  }
}

function factsIn(info: string): ReadonlyMap<string, string> {
  const lines = info.split(/\r?\n/).map((line) => line.split(':', 2));
  return new Map(lines.flatMap(([name, value]) => (value === undefined ? [] : [[name!, value]])));
}

function whyNotReached(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (/WRONGPASS|NOAUTH|invalid username-password|NOPERM/i.test(message)) {
    return 'refuses the user or the password; put them in its URL, or in EVERYPAGE_QUEUE_USER and EVERYPAGE_QUEUE_PASSWORD';
  }
  const why = reasons[code] ?? (/CERT|TLS|SSL/i.test(`${code} ${message}`) ? 'TLS fails' : code);
  return `cannot be reached${why ? ` (${why})` : ''}; check the URL, and that Redis or Valkey runs there`;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route',
};

/**
 * The packages of the queue are not installed with everypage: most runs need one machine.
 *
 * @param missing the message if they are missing
 * @throws EverypageError USAGE where they are missing
 */
export async function loadPeer<Module>(
  load: () => Promise<Module>,
  missing = 'a queue needs two more packages; install them beside everypage: npm install bullmq ioredis',
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if (!/Cannot find (?:module|package)/.test(String(cause))) throw cause;
    throw usageError(missing, cause);
  }
}
