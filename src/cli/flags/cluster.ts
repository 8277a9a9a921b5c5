import { path, queueUrl, text } from '../flag-values.ts';
import { group } from './group.ts';

export const cluster = group('Many machines', ['fetch', 'worker'], {
  queue: {
    env: 'EVERYPAGE_QUEUE',
    value: queueUrl,
    help: 'Redis or Valkey that shares the run among machines',
    detail:
      '`redis://host:6379/0`, or `rediss://` for TLS. A user and a password stand in the URL, or in EVERYPAGE_QUEUE_USER and EVERYPAGE_QUEUE_PASSWORD, which the process list does not show. docs/cluster.md explains it.',
    verbs: ['fetch', 'worker', 'status', 'pause', 'resume', 'cancel', 'dashboard'],
  },
  store: {
    value: { ...path('/mnt/share/items'), name: 'DIR' },
    help: 'where fetched pages go: a folder, or s3://bucket/prefix',
    detail:
      'One for each run. A worker needs it only if it reaches the folder by another path. For a bucket, credentials, region and endpoint come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL_S3.',
    verbs: ['fetch', 'worker', 'resume'],
  },
  run: {
    value: text('ID', '5f0c2d9a1b3e'),
    help: 'which run, if the queue holds several',
    detail:
      'A worker with --run ends with that run. Without it, a worker goes from run to run and waits for the next.',
    verbs: ['worker', 'status', 'pause', 'resume', 'cancel'],
  },
  'no-work': {
    help: 'only coordinate: workers fetch the pages',
    detail: 'If a list is paginated, this process fetches its first pages, to find out how.',
    verbs: ['fetch'],
  },
});
