import { concurrency, duration, rate, size, whole } from '../flag-values.ts';
import { group } from './group.ts';

export const pace = group('Pace and retries', ['fetch', 'explain', 'head'], {
  concurrency: {
    short: 'c',
    env: 'EVERYPAGE_CONCURRENCY',
    option: 'concurrency',
    value: concurrency,
    help: 'requests in flight at once, 1 to 1000',
    detail:
      'auto starts with 5 to each origin, raises concurrency while throughput grows, and lowers it when the server slows down. It stays at or below 64.',
    verbs: ['fetch', 'demo', 'explain', 'head', 'worker'],
  },
  rate: {
    env: 'EVERYPAGE_RATE',
    option: 'rate',
    value: rate,
    help: 'most requests to each origin in a time: 10/s, 1000/h',
    detail:
      'Requests are spread evenly. The unit is required; 5/15s is five in fifteen seconds. A limit that the server states can make a run slower, never faster. Default: as fast as the server allows.',
  },
  retry: {
    env: 'EVERYPAGE_RETRY',
    option: 'retries',
    value: whole(5, 0, 1000),
    help: 'retries of a page after its first attempt',
    detail:
      'For network errors, 408, 425, 500, 502 to 504 and 52x. Only that page waits, longer each time.',
  },
  'retry-max-time': {
    env: 'EVERYPAGE_RETRY_MAX_TIME',
    option: 'retryMaxTimeMs',
    value: duration('5m'),
    help: 'longest time for one page, all attempts together',
    detail:
      'Pauses that the server asked for and the time in which it is down do not count. A page that the server is still preparing (202) is requested again until this time is over.',
  },
  'max-wait': {
    env: 'EVERYPAGE_MAX_WAIT',
    option: 'maxWaitMs',
    value: duration('1h', 0),
    help: 'longest wait that a server asks for, or while it is down',
    detail:
      'A 429, or a 503 with Retry-After, pauses all requests to that origin until the stated time. If that is longer than TIME, the run stops, keeps what it has, and exits 5. If the server stops working during the run, the run waits for at most TIME too.',
  },
  'connect-timeout': {
    env: 'EVERYPAGE_CONNECT_TIMEOUT',
    option: 'connectTimeoutMs',
    value: duration('10s'),
    help: 'longest time to open a connection',
  },
  'idle-timeout': {
    env: 'EVERYPAGE_IDLE_TIMEOUT',
    option: 'idleTimeoutMs',
    value: duration('30s'),
    help: 'longest silence within an attempt',
  },
  timeout: {
    env: 'EVERYPAGE_TIMEOUT',
    option: 'timeoutMs',
    value: duration('2m'),
    help: 'longest time for one attempt',
  },
  'speed-limit': {
    env: 'EVERYPAGE_SPEED_LIMIT',
    option: 'minBytesPerSecond',
    value: size('100', 0),
    help: 'slowest body to accept, in bytes a second',
    detail:
      'A body that is slower for the whole of --idle-timeout is aborted and retried. 0 for no limit.',
  },
});
