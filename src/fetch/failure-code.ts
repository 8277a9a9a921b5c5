import type { Rejection } from '../archive-thread/messages.ts';
import { codeOfStatus, type PageCode } from '../core/errors.ts';
import type { TransportFault } from '../http/transport.ts';
import type { AttemptResult } from './attempt.ts';

const ofFault: Readonly<Record<TransportFault, PageCode>> = {
  dns: 'DNS',
  refused: 'CONNECTION_REFUSED',
  'connect-timeout': 'CONNECT_TIMEOUT',
  address: 'PRIVATE_ADDRESS',
  certificate: 'CERTIFICATE',
  tls: 'TLS',
  proxy: 'PROXY',
  'proxy-denied': 'PROXY_DENIED',
  'proxy-credentials': 'PROXY_CREDENTIALS',
  protocol: 'PROTOCOL',
  reset: 'CONNECTION_RESET',
  truncated: 'TRUNCATED',
  unprocessed: 'UNPROCESSED',
  calm: 'CALM',
  'idle-timeout': 'IDLE_TIMEOUT',
  timeout: 'TIMEOUT',
  'too-slow': 'TOO_SLOW',
  'too-large': 'TOO_LARGE',
  closed: 'CLOSED',
};

const ofRejection: Readonly<Record<Rejection['kind'], PageCode>> = {
  empty: 'EMPTY',
  'too-large': 'TOO_LARGE',
  encoding: 'ENCODING',
  json: 'NOT_JSON',
  'fail-when': 'FAIL_WHEN',
  selection: 'SELECTION',
};

/** Why an attempt brought no page; null where it brought a body. */
export function codeOfAttempt({
  outcome,
  response,
  fault,
}: Pick<AttemptResult, 'outcome' | 'response' | 'fault'>): PageCode | null {
  if (outcome.kind === 'body') return null;
  if (fault !== null) return ofFault[fault];
  if (outcome.kind === 'fail' && outcome.code !== undefined) return outcome.code;
  return codeOfStatus(response?.status ?? null);
}

/** Why a whole body is no page. */
export function codeOfRejection(kind: Rejection['kind']): PageCode {
  return ofRejection[kind];
}
