/** Faults by name, each as the description that plays it. */
import type { FaultRule, FaultScript } from './fault-server.ts';
import type { FaultReply } from './reply.ts';

export interface NamedFault {
  readonly name: string;
  /** What the server does, a phrase for people. */
  readonly about: string;
  readonly script: FaultScript;
  /** Whether every page comes in the end; else some fail, or the run stops. */
  readonly heals: boolean;
}

/** RFC 9113 §7. */
const CODE = {
  NO_ERROR: 0,
  INTERNAL_ERROR: 2,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  ENHANCE_YOUR_CALM: 11,
  HTTP_1_1_REQUIRED: 13,
} as const;

/** Every fifth page has it once. */
function once(reply: FaultReply): FaultScript {
  return { rules: [{ every: 5, reply }] };
}

/** Every seventh page has it for good. */
function always(reply: FaultReply): FaultScript {
  return { rules: [{ every: 7, times: 'always', reply }] };
}

const healing: Readonly<Record<string, readonly [about: string, script: FaultScript]>> = {
  unavailable: ['503 without Retry-After', once({ status: 503 })],
  'rate-limit': [
    '429 with Retry-After: 1',
    { rules: [{ pages: [3], reply: { status: 429, headers: { 'retry-after': '1' } } }] },
  ],
  'retry-after-date': [
    'Retry-After as a date, by a clock that is an hour off',
    {
      rules: [
        {
          pages: [3],
          reply: { status: 503, retryAfterDate: { aheadMs: 1000, clockOffMs: 3_600_000 } },
        },
      ],
    },
  ],
  'retry-after-malformed': [
    'a Retry-After that is no time, one that is past, and two at once',
    {
      rules: [
        { pages: [3], reply: { status: 503, headers: { 'retry-after': 'soon' } } },
        {
          pages: [4],
          reply: { status: 503, headers: { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' } },
        },
        { pages: [5], reply: { status: 503, headers: { 'retry-after': ['86400', '86400'] } } },
      ],
    },
  ],
  'short-body': ['bodies shorter than their content-length', once({ truncateAt: 200 })],
  'cut-chunk': [
    'bodies without a length, cut in the middle',
    once({ truncateAt: 200, framing: 'chunked', reset: CODE.NO_ERROR }),
  ],
  'cut-at-close': [
    'HTTP/1.1: bodies that end with the connection, too early',
    once({ truncateAt: 200, framing: 'close' }),
  ],
  reset: ['connections or streams reset before an answer', once({ reset: CODE.INTERNAL_ERROR })],
  'reset-cancel': [
    'bodies cut by a reset that looks like a clean end (CANCEL)',
    once({ truncateAt: 200, framing: 'chunked', reset: CODE.CANCEL }),
  ],
  'refused-stream': [
    'HTTP/2: REFUSED_STREAM, the server did not begin',
    once({ reset: CODE.REFUSED_STREAM }),
  ],
  calm: [
    'HTTP/2: ENHANCE_YOUR_CALM, the server asks for less',
    { rules: [{ pages: [3], reply: { reset: CODE.ENHANCE_YOUR_CALM } }] },
  ],
  'http1-required': [
    'HTTP/2: HTTP_1_1_REQUIRED',
    { rules: [{ pages: [3], reply: { reset: CODE.HTTP_1_1_REQUIRED } }] },
  ],
  goaway: ['GOAWAY, the request is above its last id', once({ goaway: true })],
  'closing-politely': [
    'connections that end after three requests, announced',
    { closeAfter: { requests: 3, how: 'announced' } },
  ],
  'closing-rudely': [
    'connections that are cut under their fourth request',
    { closeAfter: { requests: 3, how: 'cut' } },
  ],
  'one-stream': ['HTTP/2: one request at a time', { maxStreams: 1 }],
  silent: ['requests that are never answered', once({ hang: true })],
  'silent-in-body': ['silence in mid-body', once({ hang: true, truncateAt: 200 })],
  dead: [
    'a connection that falls silent for good',
    { rules: [{ pages: [3], reply: { dead: true } }] },
  ],
  drip: ['a byte a second', once({ bytesPerSecond: 1 })],
  slow: ['answers that take a second', once({ delayMs: 1000 })],
  'gzip-cut': ['gzip that ends early', once({ change: 'gzip-cut' })],
  'deflate-cut': ['deflate that ends early', once({ change: 'deflate-cut' })],
  'br-cut': ['brotli that ends early', once({ change: 'br-cut' })],
  'zstd-cut': ['zstd that ends early', once({ change: 'zstd-cut' })],
  'gzip-garbage': ['gzip with something after its end', once({ change: 'gzip-garbage' })],
  'br-garbage': ['brotli with something after its end', once({ change: 'br-garbage' })],
  'zstd-garbage': ['zstd with something after its end', once({ change: 'zstd-garbage' })],
  'wrong-encoding': ['plain bodies called gzip', once({ change: 'wrong-encoding' })],
  'unknown-encoding': ['an encoding that is not spoken', once({ change: 'unknown-encoding' })],
  html: ['HTML where JSON was due', once({ change: 'html' })],
  'html-as-json': ['HTML that is called JSON', once({ change: 'html-as-json' })],
  text: ['a line of text where JSON was due', once({ change: 'text' })],
  empty: ['empty bodies', once({ change: 'empty' })],
  'no-content': ['204', once({ status: 204 })],
  'utf-16': ['UTF-16', once({ change: 'utf-16' })],
  'bad-utf-8': ['bytes that are no UTF-8', once({ change: 'bad-utf-8' })],
  nan: ['NaN for a number', once({ change: 'nan' })],
  'two-values': ['a page twice in one body', once({ change: 'two-values' })],
  'cut-json': ['half of a page, well framed', once({ change: 'cut-json' })],
  bom: ['a byte order mark before a page', once({ change: 'bom' })],
};

const failing: Readonly<Record<string, readonly [about: string, script: FaultScript]>> = {
  'always-500': ['pages that always answer 500', always({ status: 500 })],
  'always-html': ['pages that are always HTML', always({ change: 'html' })],
  'not-found': ['404', always({ status: 404 })],
  'redirect-loop': [
    'a redirect to itself',
    always({ status: 302, headers: { location: '?page=7' } }),
  ],
  'three-layers': ['three layers of gzip', always({ change: 'three-layers' })],
  bomb: [
    '300 MB in a gzip of 300 kB',
    { rules: [{ pages: [7], times: 'always', reply: { change: 'bomb' } }] },
  ],
  endless: [
    'a body without end',
    { rules: [{ pages: [7], times: 'always', reply: { endless: true } }] },
  ],
  'token-expires': [
    '401 from the tenth request on',
    { rules: [{ pages: [10, 11, 12, 13], times: 'always', reply: { status: 401 } }] },
  ],
};

/** Everything at once, as it comes in a long night. */
const storm: readonly FaultRule[] = [
  { share: 0.05, times: 'always', reply: { status: 503 } },
  { share: 0.05, times: 'always', reply: { reset: CODE.INTERNAL_ERROR } },
  { share: 0.02, times: 'always', reply: { truncateAt: 200 } },
  { share: 0.02, times: 'always', reply: { delayMs: 500 } },
];

function named(
  all: Readonly<Record<string, readonly [about: string, script: FaultScript]>>,
  heals: boolean,
): NamedFault[] {
  return Object.entries(all).map(([name, [about, script]]) => ({ name, about, script, heals }));
}

export const faults: readonly NamedFault[] = [
  ...named(healing, true),
  {
    name: 'storm',
    about: '5 % 503, 5 % resets, 2 % cut, 2 % slow, connections closed every 100 requests',
    script: { rules: storm, closeAfter: { requests: 100, how: 'announced' } },
    heals: true,
  },
  ...named(failing, false),
];

/** Several faults together: all their rules, and the strictest connections. */
export function combineFaults(chosen: readonly NamedFault[]): FaultScript {
  const scripts = chosen.map(({ script }) => script);
  const closeAfter = scripts.find((script) => script.closeAfter !== undefined)?.closeAfter;
  const maxStreams = scripts.find((script) => script.maxStreams !== undefined)?.maxStreams;
  return {
    rules: scripts.flatMap(({ rules = [] }) => rules),
    ...(closeAfter === undefined ? {} : { closeAfter }),
    ...(maxStreams === undefined ? {} : { maxStreams }),
  };
}
