import { address, origin, path, text, userPassword, variableName } from '../flag-values.ts';
import { group } from './group.ts';

export const credentials = group('Credentials', ['fetch', 'explain', 'head', 'worker'], {
  user: {
    short: 'u',
    option: 'user',
    value: userPassword,
    help: 'Basic authentication',
    detail:
      'Other users of the machine can see it in the process list. They cannot with --netrc and -H @file.',
    excludes: { 'bearer-env': 'each says who you are', netrc: 'each says who you are' },
  },
  'bearer-env': {
    value: variableName,
    help: 'Bearer token from the environment variable VAR',
    detail: 'Sends `authorization: Bearer …` with the value of VAR.',
    excludes: { netrc: 'each says who you are' },
  },
  'env-file': {
    list: path('.env'),
    help: 'file of NAME=value lines, as if they were in the environment',
    detail:
      'For --bearer-env, proxies and EVERYPAGE_… variables. Can be repeated. A variable that is already set keeps its value.',
  },
  netrc: {
    short: 'n',
    help: 'user and password for the host from ~/.netrc',
    detail:
      'Or from the file that $NETRC names. All URL arguments must name the same host, so that the password goes nowhere else.',
  },
  'secret-param': {
    option: 'secretParams',
    list: text('NAME', 'sid'),
    help: 'one more query parameter that holds a credential',
    detail:
      'Can be repeated. Its value is replaced wherever a URL is shown or stored, and may change between runs.',
  },
  'allow-origin': {
    option: 'allowOrigins',
    list: origin,
    help: 'one more origin that redirects and next links may lead to',
    detail:
      'As in https://cdn.example.com. Can be repeated. It gets none of your credentials and headers.',
  },
  'allow-address': {
    option: 'allowAddresses',
    list: address,
    help: 'a private address that a public server may lead to',
    detail:
      'As in 10.0.0.5 or 10.0.0.0/8. Can be repeated. Not needed if the URL you give has a private address itself.',
  },
});
