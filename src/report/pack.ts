/**
 * Report data as bytes: the length of a JSON text, the text, and the columns of the attempts behind it,
 * all compressed. 100,000 attempts take about two megabytes; as JSON they would take twenty.
 */
import { gzipSync } from 'node:zlib';
import type { AttemptColumns, PackedColumn, PackedText, ReportData } from './report-data.ts';

/** Columns begin at multiples of this, as typed arrays need it. */
const ALIGNMENT = 8;
const HEADER_BYTES = 8;

export function packReport({ facts, urls, attempts }: ReportData): Uint8Array {
  const columns: PackedColumn[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const name of Object.keys(attempts) as (keyof AttemptColumns)[]) {
    const { buffer, byteOffset, byteLength } = packed(name, attempts);
    columns.push({ name, offset });
    const room = Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
    const part = new Uint8Array(room);
    part.set(new Uint8Array(buffer, byteOffset, byteLength));
    parts.push(part);
    offset += room;
  }
  const text: PackedText = { facts, urls, count: attempts.page.length, columns };
  const json = Buffer.from(JSON.stringify(text));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(json.length);
  const toColumns = (HEADER_BYTES + json.length) % ALIGNMENT;
  const padding = Buffer.alloc(toColumns === 0 ? 0 : ALIGNMENT - toColumns);
  return gzipSync(Buffer.concat([header, json, padding, ...parts]));
}

/** Times that begin one after the other compress to a third as differences, in whole milliseconds. */
function packed(name: keyof AttemptColumns, attempts: AttemptColumns): ArrayBufferView {
  if (name !== 'start') return attempts[name];
  const { start } = attempts;
  const steps = new Uint32Array(start.length);
  let before = 0;
  for (let at = 0; at < start.length; at += 1) {
    const whole = Math.round(start[at]!);
    steps[at] = whole - before;
    before = whole;
  }
  return steps;
}
