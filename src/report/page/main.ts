/** The page of a report. It draws the data that it holds; if it holds none, it follows a run. */
import { element } from './dom.ts';
import { followRun } from './live.ts';
import { ReportView } from './report-view.ts';
import { unpackReport } from './unpack.ts';

void start();

async function start(): Promise<void> {
  const root = document.getElementById('report')!;
  const view = new ReportView(root);
  const data = document.getElementById('data')!.textContent.trim();
  if (data === '') {
    followRun(root, view);
    return;
  }
  try {
    view.show(await unpackReport(data));
    performance.mark('report-drawn');
  } catch (error) {
    const text = `This report cannot be shown: ${error instanceof Error ? error.message : error}`;
    root.replaceChildren(element('p', { class: 'notice', role: 'alert' }, text));
    throw error;
  } finally {
    root.removeAttribute('aria-busy');
  }
}
