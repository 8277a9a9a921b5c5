import type { OwnPause, Stop } from '../core/summary.ts';
import { counted, formatDuration } from '../core/units.ts';

const safetyCure = {
  OTHER_ORIGIN: '--allow-origin ORIGIN allows it.',
  PRIVATE_ADDRESS: '--allow-address ADDRESS allows it.',
  CERTIFICATE: '--cacert FILE names an authority to trust; -k accepts any certificate.',
} as const;

/**
 * Why a run stopped and what to do, not escaped.
 *
 * @param wallTime milliseconds since 1970
 */
export function stopText(stop: Stop, wallTime: number): string {
  switch (stop.kind) {
    case 'signal':
      return `Stopped by ${stop.signal}.`;
    case 'aborted':
      return 'Stopped.';
    case 'closed-pipe':
      return 'Stopped: the reader of the output has gone.';
    case 'max-pages':
      return `Stopped at --max-pages ${stop.maxPages}.`;
    case 'deadline':
      return `Stopped at --deadline ${formatDuration(stop.deadlineMs)}.`;
    case 'unreachable':
      return `Stopped: ${stop.limiter} never answered, in any attempt (${stop.reason}).`;
    case 'max-wait': {
      if (stop.ownPause !== undefined) return ownPauseText(stop.ownPause, stop.reason);
      if (stop.downMs !== undefined) {
        return `Stopped: waited ${formatDuration(stop.downMs)} for the server, as long as --max-wait allows: ${stop.reason}. Run again when it works.`;
      }
      if (stop.untilWallTime === null) {
        return `Stopped: no request has succeeded for longer than --max-wait (${stop.reason}). Run again later.`;
      }
      const waitMs = Math.max(0, stop.untilWallTime - wallTime);
      const until = `${new Date(stop.untilWallTime).toISOString().slice(0, 19)}Z`;
      return `Stopped: the server asks to wait until ${until}, ${formatDuration(waitMs)} from now (${stop.reason}). That is longer than --max-wait; run again then.`;
    }
    case 'credentials':
      // 407 is the proxy's (RFC 9110 §15.5.8).
      if (stop.status === 407) {
        return 'Stopped: the proxy asks for credentials (407). Run again with -x http://user:password@host:port, or with them in HTTPS_PROXY.';
      }
      return refusedText(stop);
    case 'safety': {
      const named =
        /--same-origin|--allow-origin|--allow-address|--cacert|(^|\s)-k\b/.test(stop.message) ||
        neverAllowed(stop);
      const message = stop.message.replace(/\.$/, '');
      return `Stopped for safety: ${message}.${named ? '' : ` ${safetyCure[stop.code]}`}`;
    }
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

function refusedText({ status, url, credentials, answer }: Stop & { kind: 'credentials' }): string {
  const said = answer === null ? '' : ` The server says ${answer}.`;
  if (credentials === 'sent') {
    return `Stopped: the server rejects the credentials (${status} for ${url}).${said}`;
  }
  if (credentials === 'withheld') {
    return `Stopped: ${status} for ${url}: no credentials were sent, because they were given for another origin.${said} Fetch its pages in a separate run.`;
  }
  const give = 'give them with --bearer-env VAR, -u USER, -n or -H @FILE';
  return status === 401
    ? `Stopped: 401 for ${url}: no credentials were sent; ${give}.${said}`
    : `Stopped: ${status} for ${url}, and no credentials were sent; if it needs some, ${give}.${said}`;
}

/** The pause is our own: the server stated no time. */
function ownPauseText({ nextMs, pausesBefore, url }: OwnPause, reason: string): string {
  const long = `${formatDuration(nextMs)}, longer than --max-wait; run again later, or raise it.`;
  return pausesBefore === 0
    ? `Stopped at ${url}: ${reason}. A pause would be ${long}`
    : `Stopped at ${url}: ${counted(pausesBefore, 'pause')} did not help (${reason}). The next one would be ${long}`;
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
