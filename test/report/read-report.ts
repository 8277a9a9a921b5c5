/** Takes the data out of a report again, as the page does. */
import { readFileSync } from 'node:fs';
import { unpackReport } from '../../src/report/page/unpack.ts';
import type { ReportData } from '../../src/report/report-data.ts';

export async function readReport(path: string): Promise<ReportData> {
  const [, data] = /id="data">([^<]*)</.exec(readFileSync(path, 'utf8'))!;
  return unpackReport(data!);
}
