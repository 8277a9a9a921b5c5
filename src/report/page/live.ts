/** The live view of a run (`--ui`): what it does now and the controls, above a report that grows. */
import type { LiveCommand, LiveStatus } from '../live-data.ts';
import { LiveBar } from './live-bar.ts';
import type { ReportView } from './report-view.ts';
import { unpackReport } from './unpack.ts';

/** A report that came, and is not drawn yet. */
interface Came {
  readonly text: string;
  /** The run has ended, and this is its last report. */
  readonly isFinal: boolean;
}

/** A run has better uses for the processor: drawing gets such a part of the time while it goes on. */
const DRAWING_SHARE = 1 / 50;

/** Its server sends the events `status` and `report`; at the end `final`, the last report, and `end`. */
export function followRun(root: HTMLElement, view: ReportView): void {
  const bar = new LiveBar(send);
  root.before(bar.node);
  root.removeAttribute('aria-busy');
  const source = new EventSource('events');
  let newest: Came | null = null;
  let isDrawing = false;
  let isPaused = false;
  let restsUntil = 0;

  const draw = async (): Promise<void> => {
    const came = newest;
    const isHeld = came !== null && !came.isFinal && view.isInUse;
    bar.sayHeld(isHeld);
    if (came === null || isHeld || isDrawing || document.hidden) return;
    if (!came.isFinal && !isPaused && performance.now() < restsUntil) return;
    newest = null;
    isDrawing = true;
    const startedAt = performance.now();
    try {
      const data = await unpackReport(came.text);
      const { scrollX, scrollY } = window;
      view.show(data, !came.isFinal);
      scrollTo(scrollX, scrollY);
    } finally {
      isDrawing = false;
      const endedAt = performance.now();
      restsUntil = endedAt + (endedAt - startedAt) / DRAWING_SHARE;
    }
    // Another one may have come meanwhile.
    void draw();
  };
  document.addEventListener('visibilitychange', () => void draw());
  source.addEventListener('status', ({ data }) => {
    const status: LiveStatus = JSON.parse(data);
    isPaused = status.isPaused;
    bar.show(status);
    void draw();
  });
  for (const name of ['report', 'final']) {
    source.addEventListener(name, ({ data }) => {
      newest = { text: data, isFinal: name === 'final' };
      void draw();
    });
  }
  source.addEventListener('end', () => {
    source.close();
    performance.mark('run-ended');
  });
  source.addEventListener('error', () => {
    source.close();
    bar.lost();
  });

  async function send(command: LiveCommand): Promise<void> {
    const response = await fetch('controls', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(command),
    });
    if (!response.ok) throw new Error((await response.text()).trim());
  }
}
