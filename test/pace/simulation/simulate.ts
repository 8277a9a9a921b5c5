/** One run in virtual time: a client, a network, a limiter. Everything is drawn from one seed. */
import type { Hint } from '../../../src/core/hint.ts';
import { DelayQueue } from '../../../src/core/queues.ts';
import type { Answer } from '../../../src/pace/pace.ts';
import type { Limiter, StateHeaders } from './limiter.ts';

export interface Client {
  startableAt(now: number): number;
  started(now: number): void;
  ended(answer: Answer): void;
}

export interface Network {
  /** Median of a round trip, log-normal; half of it each way. */
  readonly latencyMs: number;
  readonly sigma: number;
  /** Requests keep their order, as on one HTTP/2 connection. */
  readonly inOrder: boolean;
  /** A server of one core works so long on each request, one after the other. */
  readonly serviceMs: number;
  /** A real process: what it costs to connect, and timers that are late now and then. */
  readonly real?: { readonly connectMs: number; readonly isHttp2: boolean; readonly late: number };
}

export interface Server {
  readonly limiter: Limiter;
  /** Whether a refusal says when to come back, in whole seconds. */
  readonly retryAfter: boolean;
  /** Whether it refuses with 503 and states no wait, as nginx does; 429 otherwise. */
  readonly refusesByError?: boolean;
  readonly headers: StateHeaders | null;
  /** Part of the requests that are answered 503 once the limiter let them pass. */
  readonly failing: number;
  /** Part of the requests that never arrive. */
  readonly losing: number;
}

export interface Run {
  readonly server: Server;
  readonly network: Network;
  readonly client: Client;
  readonly random: () => number;
  /** Ends at whichever comes first. */
  readonly durationMs: number;
  readonly pages: number;
  /** Of these times, how many were accepted by then is told. */
  readonly marksMs?: readonly number[];
}

export interface RunResult {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly failed: number;
  /** When the last page ended, or the time was up. */
  readonly endedAt: number;
  readonly acceptedByMark: readonly number[];
  readonly permitted: number;
  /** Requests that were sent before a deadline that had been stated by then. */
  readonly early: number;
  /** Whether the client stood still with nothing under way and no time named. */
  readonly isStuck: boolean;
  readonly meanLatencyMs: number;
}

interface Event {
  readonly kind: 'wake' | 'arrive' | 'answer';
  readonly sentAt: number;
  readonly answer: Answer['kind'];
  readonly hint: Hint | null;
}

const WAKE: Event = { kind: 'wake', sentAt: 0, answer: 'accepted', hint: null };

export function simulate(run: Run): RunResult {
  const { server, network, client, random, durationMs, pages } = run;
  const { limiter } = server;
  const queue = new DelayQueue<Event>();
  const marks = [...(run.marksMs ?? [])];
  const acceptedByMark: number[] = [];
  let [sent, accepted, refused, hidden, failed, early, inFlight] = [0, 0, 0, 0, 0, 0, 0];
  let [now, lastArrival, lastAnswer, busyUntil, statedUntil, endedAt] = [0, 0, 0, 0, 0, 0];
  let [wakeAt, latencySum] = [Number.POSITIVE_INFINITY, 0];
  let isStuck = false;
  let [connections, connectedAt] = [0, 0];

  /** One connection for all, or one for each request in flight. */
  function connectMs(): number {
    const { real } = network;
    if (real === undefined) return 0;
    if (connections < (real.isHttp2 ? 1 : inFlight)) {
      connections += 1;
      connectedAt = now + real.connectMs * (0.5 + random());
      return connectedAt - now;
    }
    return real.isHttp2 ? Math.max(0, connectedAt - now) : 0;
  }

  function lateMs(): number {
    return network.real !== undefined && random() < network.real.late ? 30 * random() : 0;
  }

  function oneWayMs(): number {
    const gauss = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return (network.latencyMs / 2) * Math.exp(network.sigma * gauss);
  }

  function pump(): void {
    while (sent - refused - failed < pages) {
      const at = client.startableAt(now);
      if (at > now) {
        if (at === Number.POSITIVE_INFINITY) {
          if (inFlight === 0) isStuck = true;
          return;
        }
        // Timers fire at whole milliseconds, and not at once.
        const due = Math.max(now + 1, Math.ceil(at)) + lateMs();
        if (due < wakeAt || wakeAt <= now) {
          wakeAt = due;
          queue.add(due, WAKE);
        }
        return;
      }
      if (now < statedUntil) early += 1;
      client.started(now);
      sent += 1;
      inFlight += 1;
      let arrival = now + connectMs() + oneWayMs();
      if (network.inOrder) arrival = Math.max(arrival, lastArrival);
      lastArrival = arrival;
      queue.add(arrival, { kind: 'arrive', sentAt: now, answer: 'accepted', hint: null });
    }
  }

  function arrive({ sentAt }: Event): void {
    if (server.losing > 0 && random() < server.losing) {
      queue.add(now + oneWayMs(), { kind: 'answer', sentAt, answer: 'lost', hint: null });
      return;
    }
    const isTaken = limiter.take(now);
    let answer: Answer['kind'] = isTaken ? 'accepted' : 'refused';
    if (isTaken && server.failing > 0 && random() < server.failing) answer = 'failed';
    const waitMs =
      !isTaken && server.retryAfter && server.refusesByError !== true
        ? Math.max(1, Math.ceil((limiter.nextAt(now) - now) / 1000)) * 1000
        : null;
    const limits = server.headers === null ? [] : server.headers(limiter, now);
    const hint = waitMs === null && limits.length === 0 ? null : { waitMs, limits };
    let doneAt = now;
    if (network.serviceMs > 0 && isTaken) {
      busyUntil = Math.max(busyUntil, now) + network.serviceMs * (0.5 + random());
      doneAt = busyUntil;
    }
    let at = doneAt + oneWayMs();
    if (network.inOrder) at = Math.max(at, lastAnswer);
    lastAnswer = at;
    const isHidden = server.refusesByError === true && answer === 'refused';
    if (isHidden) hidden += 1;
    queue.add(at, { kind: 'answer', sentAt, answer: isHidden ? 'failed' : answer, hint });
  }

  function end({ sentAt, answer, hint }: Event): void {
    inFlight -= 1;
    if (answer === 'refused') refused += 1;
    else if (answer === 'accepted') {
      accepted += 1;
      latencySum += now - sentAt;
      endedAt = now;
    } else failed += 1;
    if (hint?.waitMs != null) statedUntil = Math.max(statedUntil, now + hint.waitMs);
    client.ended({ sentAt, now, kind: answer, hint });
  }

  pump();
  while (accepted < pages && !isStuck) {
    const next = queue.nextDueAt;
    while (marks.length > 0 && marks[0]! <= next) {
      acceptedByMark.push(accepted);
      marks.shift();
    }
    if (next > durationMs) {
      endedAt = durationMs;
      break;
    }
    now = next;
    const event = queue.takeDue(now)!;
    if (event.kind === 'arrive') arrive(event);
    else {
      if (event.kind === 'wake') {
        if (now < wakeAt) continue;
        wakeAt = Number.POSITIVE_INFINITY;
      } else end(event);
      pump();
    }
  }
  return {
    sent,
    accepted,
    refused: refused + hidden,
    failed: failed - hidden,
    endedAt,
    acceptedByMark,
    permitted: limiter.permitted(endedAt),
    early,
    isStuck,
    meanLatencyMs: latencySum / accepted,
  };
}
