/** Reads what `pack.ts` has written, in the browser. */
import type { AttemptColumns, PackedText, ReportData } from '../report-data.ts';

const HEADER_BYTES = 8;
const ALIGNMENT = 8;

/** @param base64 the text of the data block */
export async function unpackReport(base64: string): Promise<ReportData> {
  const packed = Uint8Array.from(atob(base64.trim()), (unit) => unit.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const whole = await new Response(stream).arrayBuffer();
  const length = new DataView(whole).getUint32(0, true);
  const json = new TextDecoder().decode(new Uint8Array(whole, HEADER_BYTES, length));
  const { facts, urls, count, columns }: PackedText = JSON.parse(json);
  const from = Math.ceil((HEADER_BYTES + length) / ALIGNMENT) * ALIGNMENT;
  const offsets = new Map(columns.map(({ name, offset }) => [name, from + offset]));
  const at = (name: keyof AttemptColumns): number => offsets.get(name)!;
  const attempts: AttemptColumns = {
    page: new Uint32Array(whole, at('page'), count),
    start: summed(new Uint32Array(whole, at('start'), count)),
    duration: new Float32Array(whole, at('duration'), count),
    status: new Uint16Array(whole, at('status'), count),
    kind: new Uint8Array(whole, at('kind'), count),
    outcome: new Uint16Array(whole, at('outcome'), count),
    told: new Float32Array(whole, at('told'), count),
    bytes: new Float64Array(whole, at('bytes'), count),
    number: new Uint16Array(whole, at('number'), count),
  };
  return { facts, urls, attempts };
}

function summed(steps: Uint32Array): Float64Array {
  let sum = 0;
  return Float64Array.from(steps, (step) => {
    sum += step;
    return sum;
  });
}
