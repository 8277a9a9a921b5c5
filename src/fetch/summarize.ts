import type { Finished } from '../archive-thread/messages.ts';
import {
  isWhole,
  type PaceFacts,
  type PaginationFacts,
  type Stop,
  type Summary,
} from '../core/summary.ts';
import type { Transport } from '../http/transport.ts';
import type { Counters } from './dispatcher.ts';

/** Puts together what the archive proved and what the run took. */
export function summarize(
  finished: Finished,
  stop: Stop | null,
  counters: Counters,
  transport: Transport,
  pagination: PaginationFacts | null,
  pace: readonly PaceFacts[],
  durationMs: number,
): Summary {
  const { verdict, failures, output, archivePath } = finished;
  return {
    verdict,
    pagination,
    readings: 1,
    stop,
    failures,
    ...counters,
    durationMs,
    connections: transport.connectionCounts(),
    pace,
    output: output === null ? null : { ...output, partial: !isWhole(verdict.name, false) },
    archivePath,
  };
}
