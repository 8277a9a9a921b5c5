import type { SentPage } from '../archive-thread/messages.ts';

/** Takes bytes; resolves when more may come. Rejecting with `CLOSED_PIPE` ends the run quietly. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** Receives what a report shows. */
export interface ReportSink {
  /** Called once a run has ended, with what `packReport` gives; not where the run could not go on. */
  readonly onReport?: (data: Uint8Array) => void;
}

/** Receive the export where `output` names no file. */
export interface OutputSinks {
  readonly stdout?: ByteSink;
  /**
   * Pages in page order; the next ones come when it resolves. `select` is where the records of each are, null
   * for whole pages.
   */
  readonly pages?: (pages: readonly SentPage[], select: string | null) => Promise<void>;
}
