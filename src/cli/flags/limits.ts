import { duration, size, whole } from '../flag-values.ts';
import { group } from './group.ts';

export const limits = group('Limits', ['fetch'], {
  deadline: {
    option: 'deadlineMs',
    value: duration('8h'),
    help: 'longest time for the run; then it stops',
    detail: 'Exits 5; the same command resumes. Default: none.',
  },
  'max-pages': {
    option: 'maxPages',
    value: whole(100, 1),
    help: 'most pages to request in this run; then it stops',
    detail: 'Exits 5; the same command resumes. Default: none.',
  },
  'max-body-bytes': {
    option: 'maxBodyBytes',
    value: size('64MiB'),
    help: 'largest body as it is received',
    detail: 'A page with a larger body fails.',
    verbs: ['fetch', 'explain', 'head'],
  },
  'max-decoded-bytes': {
    option: 'maxDecodedBytes',
    value: size('128MiB'),
    help: 'largest body after decompression',
    detail: 'A page with a larger body fails.',
    verbs: ['fetch', 'explain', 'head'],
  },
});
