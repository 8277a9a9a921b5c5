/** What a run does now, in words, and the controls of it. */
import { formatBytes, formatCount, formatDuration } from '../../core/units.ts';
import type { LiveCommand, LivePace, LiveStatus } from '../live-data.ts';
import { element } from './dom.ts';
import { amount } from './words.ts';

/** Rejects with what to say where the run does not take it. */
type Send = (command: LiveCommand) => Promise<void>;

export class LiveBar {
  readonly node: HTMLElement;
  readonly #send: Send;
  readonly #state = element('p', { class: 'state', role: 'status' });
  readonly #figures = element('p', { class: 'muted' });
  readonly #done = element('progress', { 'aria-label': 'Pages that are done' });
  readonly #held = element('p', { class: 'hint' });
  readonly #alert = element('p', { class: 'alert', role: 'alert' });
  readonly #pause = element('button', { type: 'button', class: 'main' }, 'Pause');
  readonly #concurrency = element('input', { id: 'concurrency', type: 'text' });
  readonly #rate = element('input', { id: 'rate', type: 'text', inputmode: 'decimal' });
  readonly #apply = element('button', { type: 'button' }, 'Apply');
  /** Text was typed and not applied; it stays. */
  #isTyped = false;
  #isPaused = false;
  #isOver = false;

  constructor(send: Send) {
    this.#send = send;
    this.#rate.placeholder = 'no limit';
    this.#held.hidden = true;
    this.#pause.addEventListener('click', () =>
      this.#ask({ action: this.#isPaused ? 'resume' : 'pause' }),
    );
    this.#apply.addEventListener('click', () => this.#applyPace());
    for (const input of [this.#concurrency, this.#rate]) {
      input.addEventListener('input', () => {
        this.#isTyped = true;
      });
      input.addEventListener('keydown', ({ key }) => {
        if (key === 'Enter') this.#applyPace();
      });
    }
    const field = (label: string, input: HTMLElement): HTMLElement =>
      element('span', { class: 'field' }, element('label', { for: input.id }, label), input);
    this.node = element(
      'section',
      { class: 'live', 'aria-label': 'The run now' },
      this.#state,
      this.#done,
      this.#figures,
      element(
        'div',
        { class: 'live-controls', role: 'group', 'aria-label': 'Controls of the run' },
        this.#pause,
        field('Requests at once', this.#concurrency),
        field('Requests a second', this.#rate),
        this.#apply,
      ),
      this.#alert,
      this.#held,
    );
  }

  show(status: LiveStatus): void {
    const { progress, isPaused, pace, verdict } = status;
    this.#isPaused = isPaused;
    const state = stateOf(status);
    // A screen reader says it when it changes.
    if (this.#state.textContent !== state) this.#state.textContent = state;
    document.title = `${state.split(/[:,.]/, 1)[0]} · everypage`;
    this.#figures.textContent = figuresOf(status);
    const { total, done } = progress;
    this.#done.hidden = total === null;
    this.#done.max = Math.max(1, total ?? 1);
    this.#done.value = done;
    this.#pause.textContent = isPaused ? 'Resume' : 'Pause';
    if (pace !== null && !this.#isTyped) this.#setFields(pace);
    if (verdict !== null) this.#over();
  }

  /** @param isHeld newer data waits, because somebody uses the plots */
  sayHeld(isHeld: boolean): void {
    this.#held.hidden = !isHeld;
    this.#held.textContent = isHeld
      ? 'The report below stands still while you use it; click here or leave it to go on.'
      : '';
  }

  /** Nothing answers any more. */
  lost(): void {
    if (this.#isOver) return;
    this.#over();
    this.#state.textContent =
      'The run does not answer any more: its process has ended. The same command resumes it.';
  }

  #over(): void {
    this.#isOver = true;
    this.node.classList.add('over');
    for (const it of [this.#pause, this.#concurrency, this.#rate, this.#apply]) it.disabled = true;
  }

  #setFields({ concurrency, perSecond }: LivePace): void {
    this.#concurrency.value = String(concurrency);
    this.#rate.value = perSecond === null ? '' : String(Number(perSecond.toPrecision(6)));
  }

  #applyPace(): void {
    const [concurrency, rate] = [this.#concurrency.value.trim(), this.#rate.value.trim()];
    this.#ask({
      action: 'pace',
      concurrency: concurrency === '' || concurrency === 'auto' ? 'auto' : Number(concurrency),
      perSecond: rate === '' ? null : Number(rate),
    });
  }

  async #ask(command: LiveCommand): Promise<void> {
    try {
      await this.#send(command);
      this.#alert.textContent = '';
      if (command.action === 'pace') this.#isTyped = false;
    } catch (error) {
      this.#alert.textContent = error instanceof Error ? error.message : String(error);
    }
  }
}

function stateOf({ progress, isPaused, inFlight, verdict }: LiveStatus): string {
  const { phase, pause, checked } = progress;
  if (verdict !== null) return `The run has ended: ${verdict}. This page stays as it is.`;
  if (phase === 'exporting') return 'Writing the output';
  if (phase === 'draining') return 'Stopping: finishing requests';
  if (isPaused) {
    return inFlight > 0
      ? 'Paused by you, requests that were sent still arrive'
      : 'Paused by you: nothing is sent until you resume';
  }
  if (pause !== null) {
    const what = pause.cause === 'limit' ? 'The server asks for a pause' : 'Waiting for the server';
    // In JSON, `null` stands for what is unknown.
    const seconds = Math.ceil((pause.leftMs ?? 0) / 1_000) * 1_000;
    return `${what}${seconds > 0 ? `, ${formatDuration(seconds)} left` : ''}: ${pause.reason}`;
  }
  return phase === 'checking' ? `Checking again: ${formatCount(checked)} pages` : 'Fetching';
}

function figuresOf({ progress, inFlight, verdict }: LiveStatus): string {
  const { total, done, failed, retries, pagesPerSecond, bytesPerSecond, leftMs } = progress;
  const there = formatCount(done - failed);
  const isOver = verdict !== null;
  return [
    total === null ? `${there} pages` : `${there} of ${formatCount(total)} pages`,
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    ...(retries > 0 ? [`${formatCount(retries)} retries`] : []),
    ...(pagesPerSecond === null || isOver ? [] : [`${amount(pagesPerSecond)} pages a second`]),
    ...(bytesPerSecond === null || isOver
      ? []
      : [`${formatBytes(Math.round(bytesPerSecond))} a second`]),
    ...(isOver ? [] : [`${formatCount(inFlight)} under way`]),
    ...(leftMs === null || isOver
      ? []
      : [`${formatDuration(Math.ceil(leftMs / 1_000) * 1_000)} left`]),
  ].join(' · ');
}
