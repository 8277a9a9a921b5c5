/** A sentence that speaks against a verdict of `complete`, and which verdict follows from several. */
import type { PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import type { RecordEvidence, VerdictName } from '../core/summary.ts';
import type { Checks } from './checks.ts';
import type { GivenUpReading, KeyFacts } from './key-scan.ts';
import type { PageFacts } from './page-facts.ts';
import type { SliceFacts } from './slice-scan.ts';

export interface PagedFacts {
  readonly pagination: Pagination;
  readonly planEnd: PlanEnd | null;
  readonly planned: number | null;
  readonly failed: number;
  readonly fetched: number;
  /** What `fetched` counts, and what the output takes: as in the evidence. */
  readonly counts: RecordEvidence['counts'];
  readonly output: RecordEvidence['output'];
  readonly written: number | null;
  /** What the output takes is an expression with a condition. */
  readonly isFilter: boolean;
  readonly pages: PageFacts;
  readonly keys: KeyFacts | null;
  /** Null where the list was not read in slices. */
  readonly slices: SliceFacts | null;
  readonly checks: Checks;
  /** Every page was read again, and none had changed. */
  readonly isStill: boolean;
  /** Records of one key are one record. */
  readonly isKeyUnique: boolean;
  /** Readings that an expired cursor ended. */
  readonly givenUp: readonly GivenUpReading[];
  readonly expect: number | null;
  /** A page's number, from 1. */
  readonly numberOf: (place: Place) => number;
}

/** From the one that decides over all others to the one that every other decides over. */
const kinds = [
  'unfinished',
  'capped',
  'drifted',
  'missing',
  'unverified',
  'unseen',
  'unproven',
  'note',
] as const;

type Kind = (typeof kinds)[number];

const nameOfKind: Readonly<Record<Kind, VerdictName>> = {
  unfinished: 'incomplete',
  capped: 'capped',
  // Where the list changed under way, that is why records are missing.
  drifted: 'drifted',
  missing: 'incomplete',
  unverified: 'unverified',
  // A change may have gone unseen, which a second reading that agrees would show.
  unseen: 'unverified',
  // Nothing speaks against the list, and no border or second reading can show what it rests on.
  unproven: 'complete',
  // Worth a line, and nothing against the list.
  note: 'complete',
};

export interface Finding {
  readonly kind: Kind;
  /** Without its full stop. */
  readonly text: string;
}

export function nameOf(findings: readonly Finding[]): VerdictName {
  const kind = kinds.find((kind) => findings.some((finding) => finding.kind === kind));
  return kind === undefined ? 'complete' : nameOfKind[kind];
}
