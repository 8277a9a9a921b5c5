import { body, header, method, text } from '../flag-values.ts';
import { group } from './group.ts';

export const request = group('Request', ['fetch', 'explain', 'head'], {
  request: {
    short: 'X',
    option: 'method',
    value: method,
    help: 'GET or POST; default GET, or POST with --data',
    detail: 'A POST must only read, because it may be sent again.',
  },
  header: {
    short: 'H',
    list: header,
    help: "a header, 'name: value'; @file reads them from a file",
    verbs: ['fetch', 'explain', 'head', 'worker'],
    detail:
      'Can be repeated. `accept: application/json` is sent unless you replace it. A file has one header a line, and keeps secrets out of the process list.',
  },
  data: {
    short: 'd',
    value: body,
    help: 'body of each request; @file reads it from a file',
    single: 'a request has one body',
    detail:
      'Implies POST, and `content-type: application/json` unless a header says otherwise. `@-` is standard input.',
  },
  'user-agent': {
    short: 'A',
    env: 'EVERYPAGE_USER_AGENT',
    value: text('TEXT', 'my-script/1.0'),
    help: 'the user-agent header',
  },
  globoff: {
    short: 'g',
    option: 'literal',
    on: true,
    help: 'use URLs exactly as given: no [1-9], no {a,b}',
    detail:
      'Without it, `[1-500]`, `[001-100]`, `[0-900:100]`, `[a-z]` and `{a,b}` in arguments are expanded. Other brackets and braces stay as they are. URLs in lists are never expanded.',
  },
});
