/**
 * The public face: what programs may rely on, and nothing besides. The command line calls the same
 * functions, and may import what it needs from the layers below.
 */

export { type Explanation, explain } from './api/explain.ts';
export { type ExportOptions, exportArchive } from './api/export-archive.ts';
export {
  allPages,
  type IterateOptions,
  type Page,
  type PageRecord,
  pages,
  type RecordsOptions,
  records,
} from './api/pages.ts';
export { run } from './api/run.ts';
export { type ServedArchive, type ServeOptions, serveArchive } from './api/serve-archive.ts';
export { UnfinishedError } from './api/unfinished-error.ts';
export type { Sources, Urls } from './api/urls.ts';
export { type Verification, verifyArchive } from './api/verify-archive.ts';
export {
  type CheckedArchive,
  type CheckedOutput,
  type ManifestCheck,
  type VerifyManifestOptions,
  verifyManifest,
} from './api/verify-manifest.ts';
export type { ErrorCode, PageCode } from './core/errors.ts';
export { EverypageError } from './core/errors.ts';
export type { EventSink, RunEvent } from './core/events.ts';
export type { Manifest, ManifestOutput, ManifestRequest } from './core/manifest.ts';
export type {
  NextPage,
  NextRequest,
  NextRequests,
  PageToContinue,
  Paginate,
  PaginateOptions,
  RunOptions,
} from './core/options.ts';
export type { Method, PageRequest, Place } from './core/page-request.ts';
export type { Pagination, PaginationStyle } from './core/pagination.ts';
export type { OpenSink, RecordSink, SinkContext, SinkRecord } from './core/record-sink.ts';
export type {
  Cure,
  FailedPage,
  OwnPause,
  PaginationFacts,
  RecordEvidence,
  Stop,
  Summary,
  Verdict,
  VerdictName,
  WrittenOutput,
} from './core/summary.ts';
export type { ByteSink, OutputSinks } from './fetch/output-sinks.ts';
export type { PlanSource } from './plan/plan.ts';
export { type Preset, presets } from './plan/presets.ts';
export { sourceOf } from './plan/written-url.ts';
