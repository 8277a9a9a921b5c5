/**
 * `--ui`: the page of a report on 127.0.0.1 while the run goes on, with controls. Who has the URL may use
 * them: it holds a token. Other pages of the same browser have neither the token nor the page's origin.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { EverypageError, usageError } from '../core/errors.ts';
import { isLoopback } from '../core/loopback.ts';
import type { Summary } from '../core/summary.ts';
import { UserControls } from '../fetch/user-controls.ts';
import type { LiveStatus } from '../report/live-data.ts';
import { createProgress } from '../report/progress.ts';
import { liveHtml } from '../report/report-html.ts';
import type { Reporter } from '../report/reporter.ts';
import { readCommand } from './ui-command.ts';

export interface UiServer extends Reporter {
  /** With its token. */
  readonly url: string;
  readonly controls: UserControls;
  /** Shows how the run has ended. Resolves when all who look have it, or do not take it. */
  end(summary: Summary): Promise<void>;
}

const HOST = '127.0.0.1';
const TOKEN_BYTES = 16;
const MOST_BODY_BYTES = 1024;
const STATUS_EVERY_MS = 1_000;
const LEAST_REPORT_EVERY_MS = 2_000;
/** The archive thread gathers a report; so it has 1 % of its time for that, whatever the size of the run. */
const REPORT_SHARE = 1 / 100;
/** A viewer that does not take what it was sent gets nothing more meanwhile. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** A browser has this long to fetch the last report. */
const END_MS = 1_000;

/** @throws EverypageError USAGE where the port is taken, or may not be used */
export async function startUiServer(port: number, clock: Clock): Promise<UiServer> {
  const ui = new Ui(clock);
  const server = createServer((request, response) => ui.answer(request, response));
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw usageError(
      `--ui: ${(error as Error).message}; give another port, or --ui alone for a free one`,
    );
  }
  // A run does not wait for whoever looks at it.
  server.unref();
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/${ui.token}/`,
    controls: ui.controls,
    sink: ui.progress.sink,
    end: (summary) => ui.end(summary),
    close() {
      ui.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

class Ui {
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');
  readonly controls = new UserControls();
  readonly progress;
  readonly #viewers = new Set<ServerResponse>();
  #ticking: NodeJS.Timeout | undefined;
  #reporting: NodeJS.Timeout | undefined;
  #isGathering = false;
  /** For viewers that come later; null before the first report. */
  #lastReport: Uint8Array | null = null;
  #verdict: LiveStatus['verdict'] = null;

  constructor(clock: Clock) {
    this.progress = createProgress(clock);
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    response.setHeader('content-security-policy', "frame-ancestors 'none'");
    const path = this.#pathOf(request);
    if (path === null) {
      say(response, 403, 'Open the URL that everypage has printed, with all of it.');
      return;
    }
    const { method } = request;
    if (path === '' && method === 'GET') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(liveHtml());
    } else if (path === 'events' && method === 'GET') this.#watch(response);
    else if (path === 'controls' && method === 'POST') void this.#control(request, response);
    else say(response, 404, 'There is nothing here.');
  }

  /** What is asked for behind the token; null for a request that is not the page's own. */
  #pathOf({ url = '', headers, method }: IncomingMessage): string | null {
    const { host = '', origin } = headers;
    if (!isLoopback(host)) return null;
    const isOwn = origin === `http://${host}`;
    if (!isOwn && (origin !== undefined || method !== 'GET')) return null;
    const [, token = '', path] = url.split('?', 1)[0]!.split('/', 3);
    const [given, own] = [Buffer.from(token), Buffer.from(this.token)];
    if (given.length !== own.length || !timingSafeEqual(given, own)) return null;
    return path ?? null;
  }

  async end({ verdict }: Summary): Promise<void> {
    this.#verdict = verdict.name;
    clearTimeout(this.#reporting);
    const viewers = [...this.#viewers];
    const { finalReport } = this.controls;
    this.#send('status', this.#status());
    if (finalReport !== null) this.#send('final', base64(finalReport));
    const taken = viewers.map(
      (viewer) => new Promise<void>((resolve) => viewer.end('event: end\ndata:\n\n', resolve)),
    );
    await Promise.race([Promise.all(taken), sleep(END_MS, undefined, { ref: false })]);
  }

  close(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#reporting);
    for (const viewer of this.#viewers) viewer.end();
  }

  #watch(response: ServerResponse): void {
    response.setHeader('content-type', 'text/event-stream');
    // A browser would ask for the run that is gone again and again.
    response.write(`retry: 5000\n\n${eventText('status', this.#status())}`);
    if (this.#lastReport !== null) {
      response.write(eventText('report', base64(this.#lastReport)));
    }
    this.#viewers.add(response);
    this.controls.isWatched = true;
    this.#ticking ??= setInterval(
      () => this.#send('status', this.#status()),
      STATUS_EVERY_MS,
    ).unref();
    if (!this.#isGathering && this.#reporting === undefined) void this.#gather();
    response.on('close', () => {
      this.#viewers.delete(response);
      if (this.#viewers.size > 0) return;
      this.controls.isWatched = false;
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    });
  }

  /** Sends a report, and the next one as long after it as the time that it took allows. */
  async #gather(): Promise<void> {
    this.#reporting = undefined;
    if (this.#viewers.size === 0 || this.#verdict !== null) return;
    this.#isGathering = true;
    const startedAt = performance.now();
    const report = await this.controls.report();
    const tookMs = performance.now() - startedAt;
    this.#isGathering = false;
    if (this.#verdict !== null) return;
    // The first report takes longer, because its code is loaded.
    const isFirst = this.#lastReport === null;
    if (report !== null) {
      this.#lastReport = report;
      this.#send('report', base64(report));
    }
    const costMs = isFirst || this.controls.state.isPaused ? 0 : tookMs;
    const waitMs = Math.max(LEAST_REPORT_EVERY_MS, costMs / REPORT_SHARE);
    this.#reporting = setTimeout(() => void this.#gather(), waitMs).unref();
  }

  #send(name: string, data: string): void {
    const text = eventText(name, data);
    for (const viewer of this.#viewers) {
      if (viewer.writableLength < MOST_WAITING_BYTES) viewer.write(text);
    }
  }

  #status(): string {
    const status: LiveStatus = {
      progress: this.progress.snapshot(),
      ...this.controls.state,
      verdict: this.#verdict,
    };
    return JSON.stringify(status);
  }

  async #control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { controls } = this;
    try {
      const command = readCommand(await bodyOf(request), controls.state.mostConcurrency);
      if (command.action === 'pause') controls.pause();
      else if (command.action === 'resume') controls.resume();
      else controls.setPace(command);
      const status = this.#status();
      this.#send('status', status);
      if (controls.state.isPaused && this.#reporting !== undefined) {
        // A run that is paused is not slowed down.
        clearTimeout(this.#reporting);
        void this.#gather();
      }
      response.setHeader('content-type', 'application/json');
      response.end(status);
    } catch (error) {
      if (error instanceof EverypageError) say(response, 400, error.message);
      else response.destroy();
    }
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}

function eventText(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}

function base64(data: Uint8Array): string {
  return Buffer.from(data).toString('base64');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part;
    if (text.length > MOST_BODY_BYTES) throw usageError('the command is too long');
  }
  return text;
}
