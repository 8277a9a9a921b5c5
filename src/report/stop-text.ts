import type { OwnPause, Stop } from '../core/summary.ts';
import { counted, formatDuration } from '../core/units.ts';

/** What the command line calls the settings that stop a run. */
const FLAGS = {
  maxWait: '--max-wait',
  maxPages: '--max-pages',
  deadline: (ms: number) => `--deadline ${formatDuration(ms)}`,
};

type SettingNames = typeof FLAGS;

const OPTIONS: SettingNames = {
  maxWait: 'maxWaitMs',
  maxPages: 'maxPages',
  deadline: (ms) => `deadlineMs ${ms}`,
};

/**
 * Why a run stopped and what to do, for the command line; not escaped.
 *
 * @param wallTime milliseconds since 1970
 */
export function stopText(stop: Stop, wallTime: number): string {
  return `${whyStopped(stop, wallTime, FLAGS)}${cure(stop)}`;
}

/** Why a run stopped, for those who call the library; not escaped, and without a full stop. */
export function describeStop(stop: Stop, wallTime: number): string {
  const why = whyStopped(stop, wallTime, OPTIONS);
  const isOfProxy = stop.kind === 'credentials' && stop.status === 407;
  return isOfProxy ? `${why}; give them in the proxy's URL` : why;
}

function whyStopped(stop: Stop, wallTime: number, names: SettingNames): string {
  switch (stop.kind) {
    case 'signal':
      return `Stopped by ${stop.signal}`;
    case 'aborted':
      return 'Stopped';
    case 'closed-pipe':
      return 'Stopped: the reader of the output has gone';
    case 'max-pages':
      return `Stopped at ${names.maxPages} ${stop.maxPages}`;
    case 'deadline':
      return `Stopped at ${names.deadline(stop.deadlineMs)}`;
    case 'unreachable':
      return `Stopped: ${stop.limiter} never answered, in any attempt (${stop.reason})`;
    case 'max-wait': {
      if (stop.ownPause !== undefined) return ownPauseText(stop.ownPause, stop.reason, names);
      if (stop.downMs !== undefined) {
        return `Stopped: waited ${formatDuration(stop.downMs)} for the server, as long as ${names.maxWait} allows: ${stop.reason}`;
      }
      if (stop.untilWallTime === null) {
        return `Stopped: no request has succeeded for longer than ${names.maxWait} (${stop.reason})`;
      }
      const waitMs = Math.max(0, stop.untilWallTime - wallTime);
      const until = `${new Date(stop.untilWallTime).toISOString().slice(0, 19)}Z`;
      return `Stopped: the server asks to wait until ${until}, ${formatDuration(waitMs)} from now (${stop.reason}). That is longer than ${names.maxWait}`;
    }
    case 'credentials':
      return refusedText(stop);
    case 'safety':
      return `Stopped for safety: ${stop.message.replace(/\.$/, '')}`;
  }
}

function refusedText({ status, url, credentials, answer }: Stop & { kind: 'credentials' }): string {
  // 407 is the proxy's (RFC 9110 §15.5.8).
  if (status === 407) return 'Stopped: the proxy asks for credentials (407)';
  const said = answer === null ? '' : `. The server says ${answer}`;
  if (credentials === 'sent') {
    return `Stopped: the server rejects the credentials (${status} for ${url})${said}`;
  }
  const why = credentials === 'withheld' ? ', because they were given for another origin' : '';
  return `Stopped: ${status} for ${url}: no credentials were sent${why}${said}`;
}

/** The pause is our own: the server stated no time. */
function ownPauseText(
  { nextMs, pausesBefore, url }: OwnPause,
  reason: string,
  { maxWait }: SettingNames,
): string {
  const long = `${formatDuration(nextMs)}, longer than ${maxWait}`;
  return pausesBefore === 0
    ? `Stopped at ${url}: ${reason}. A pause would be ${long}`
    : `Stopped at ${url}: ${counted(pausesBefore, 'pause')} did not help (${reason}). The next one would be ${long}`;
}

const safetyCure = {
  OTHER_ORIGIN: '--allow-origin ORIGIN allows it.',
  PRIVATE_ADDRESS: '--allow-address ADDRESS allows it.',
  CERTIFICATE: '--cacert FILE names an authority to trust; -k accepts any certificate.',
} as const;

/** How the command line is given credentials. */
export const GIVE_CREDENTIALS = 'Give them with --bearer-env VAR, -u USER, -n or -H @FILE';

/** What to do, behind why the run stopped. */
function cure(stop: Stop): string {
  switch (stop.kind) {
    case 'max-wait':
      if (stop.ownPause !== undefined) return '; run again later, or raise it.';
      if (stop.downMs !== undefined) return '. Run again when it works.';
      return stop.untilWallTime === null ? '. Run again later.' : '; run again then.';
    case 'credentials':
      if (stop.status === 407) {
        return '. Run again with -x http://user:password@host:port, or with them in HTTPS_PROXY.';
      }
      if (stop.credentials === 'sent') return '.';
      if (stop.credentials === 'withheld') return '. Fetch its pages in a separate run.';
      return `. ${GIVE_CREDENTIALS}${stop.status === 401 ? '' : ', if it needs some'}.`;
    case 'safety': {
      const isNamed =
        /--same-origin|--allow-origin|--allow-address|--cacert|(^|\s)-k\b/.test(stop.message) ||
        neverAllowed(stop);
      return isNamed ? '.' : `. ${safetyCure[stop.code]}`;
    }
    default:
      return '.';
  }
}

/** No flag allows a way from https to http; a link may still mean the origin that it was found at. */
function neverAllowed(stop: Stop): boolean {
  return (
    stop.kind === 'safety' &&
    /never followed/.test(stop.message) &&
    !/--same-origin/.test(stop.message)
  );
}

const ADD_ONE = 'To resume, add one of these flags to:';

/** What the command needs before it can resume; null if it would end in the same way. */
export function headingAfter(stop: Stop): string | null {
  if (stop.kind === 'safety') {
    if (neverAllowed(stop)) return null;
    if (flagsAfter(stop).length > 0) return 'To resume with that flag:';
    return stop.code === 'CERTIFICATE' ? ADD_ONE : 'To resume, add that flag to:';
  }
  if (stop.kind !== 'credentials') return 'To resume:';
  if (stop.status === 407) return 'To resume with them:';
  if (stop.credentials === 'withheld') return null;
  return stop.credentials === 'sent' ? 'To resume with new ones:' : ADD_ONE;
}

/** The flags without which the command would stop again, where the stop says which they are. */
export function flagsAfter(stop: Stop | null): readonly string[] {
  if (stop?.kind !== 'safety' || neverAllowed(stop)) return [];
  const pattern = /\s(?:(--allow-origin|--allow-address) ([^\s;,]+)|--same-origin)/;
  const [found, flag, value] = pattern.exec(stop.message) ?? [];
  if (found === undefined) return [];
  // Pages that follow other links make another run.
  if (flag === undefined) return ['--same-origin', '--fresh'];
  return value === undefined ? [] : [flag, value.replace(/\.$/, '')];
}
