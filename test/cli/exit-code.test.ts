import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ExitCode,
  exitCodeMeanings,
  exitCodeOfError,
  exitCodeOfSummary,
  exitCodeOfVerification,
} from '../../src/cli/exit-code.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { Stop, VerdictName } from '../../src/core/summary.ts';
import { complete, incomplete, pagedVerdict } from '../report/sample-summary.ts';

const ofError: Record<ErrorCode, ExitCode> = {
  USAGE: 2,
  URL_INVALID: 2,
  LIST_UNREADABLE: 2,
  OUTPUT_FOLDER: 2,
  OUTPUT_WRITE: 1,
  ARCHIVE_LOCKED: 1,
  ARCHIVE_DAMAGED: 1,
  ARCHIVE_VERSION: 1,
  ARCHIVE_FOREIGN: 2,
  ARCHIVE_INCOMPLETE: 3,
  INCOMPLETE: 3,
  STOPPED: 5,
  ARCHIVE_WRITE: 1,
  PLAN_CHANGED: 2,
  SELECTION: 2,
  SCHEMA: 2,
  CREDENTIALS_REFUSED: 4,
  OTHER_ORIGIN: 1,
  PRIVATE_ADDRESS: 1,
  CERTIFICATE: 1,
  INTERRUPTED: 130,
  CLOSED_PIPE: 0,
  INTERNAL: 1,
};

const stops: readonly (readonly [Stop, ExitCode])[] = [
  [{ kind: 'signal', signal: 'SIGINT' }, 130],
  [{ kind: 'signal', signal: 'SIGTERM' }, 143],
  [{ kind: 'signal', signal: 'SIGHUP' }, 129],
  [{ kind: 'aborted' }, 130],
  [{ kind: 'max-pages', maxPages: 3 }, 5],
  [{ kind: 'deadline', deadlineMs: 3 }, 5],
  [{ kind: 'max-wait', untilWallTime: 3, reason: '429' }, 5],
  [
    {
      kind: 'credentials',
      status: 401,
      url: 'https://a.example/',
      credentials: 'none',
      answer: null,
    },
    4,
  ],
  [{ kind: 'safety', code: 'OTHER_ORIGIN', message: 'no' }, 1],
  [{ kind: 'safety', code: 'CERTIFICATE', message: 'no' }, 1],
  [{ kind: 'closed-pipe' }, 0],
];

describe('exit codes', () => {
  it('are those of docs/cli.md for every error', () => {
    for (const [code, expected] of Object.entries(ofError)) {
      assert.equal(exitCodeOfError(code as ErrorCode), expected, code);
    }
  });

  it('are 0 for everything there, 3 for all else, 0 where that is allowed, 3 where strict', () => {
    const codes: [VerdictName, usual: ExitCode, strict: ExitCode, proven: ExitCode][] = [
      ['proven', 0, 0, 0],
      ['complete', 0, 0, 3],
      ['unverified', 0, 3, 3],
      ['incomplete', 3, 3, 3],
      ['drifted', 3, 3, 3],
      ['capped', 3, 3, 3],
    ];
    for (const [name, usual, strict, proven] of codes) {
      const summary = { ...complete, verdict: pagedVerdict({ name }) };
      const given = { allowIncomplete: false, strict: null } as const;
      assert.equal(exitCodeOfSummary(summary, given), usual, name);
      assert.equal(exitCodeOfSummary(summary, { ...given, strict: 'complete' }), strict, name);
      assert.equal(exitCodeOfSummary(summary, { ...given, strict: 'proven' }), proven, name);
      assert.equal(exitCodeOfSummary(summary, { ...given, allowIncomplete: true }), 0, name);
      assert.equal(exitCodeOfVerification(summary.verdict, 0, null), usual, name);
      assert.equal(exitCodeOfVerification(summary.verdict, 0, 'complete'), strict, name);
      assert.equal(exitCodeOfVerification(summary.verdict, 0, 'proven'), proven, name);
    }
  });

  it('tell why a run stopped, whatever may be missing', () => {
    for (const [stop, expected] of stops) {
      for (const allowIncomplete of [false, true]) {
        const leniency = { allowIncomplete, strict: 'complete' } as const;
        assert.equal(exitCodeOfSummary({ ...incomplete, stop }, leniency), expected);
      }
    }
  });

  it('of verify are 3 where a stored page no longer proves itself', () => {
    assert.equal(exitCodeOfVerification(complete.verdict, 1, null), 3);
    assert.equal(exitCodeOfVerification(incomplete.verdict, 0, null), 3);
  });

  it('that can come are all explained', () => {
    const explained = new Set(exitCodeMeanings.map(([code]) => Number(code)));
    const possible = [...Object.values(ofError), ...stops.map(([, code]) => code), 3];
    for (const code of possible) assert.ok(explained.has(code), String(code));
  });
});
