import { path } from '../flag-values.ts';
import { group } from './group.ts';

export const archive = group('Archive', ['fetch'], {
  archive: {
    option: 'archive',
    value: path('items.everypage'),
    help: 'where to keep the archive',
    single: 'a run has one archive',
    detail:
      'Default: beside the output, `items.ndjson.everypage`. Without an output file: in the state folder ($XDG_STATE_HOME/everypage), until every page was written; everypage archives lists what is there.',
  },
  fresh: {
    option: 'fresh',
    on: true,
    help: 'discard an unfinished archive and start again',
    detail: 'Without it, the same command resumes.',
    isOnce: true,
  },
  'no-keep': {
    option: 'keep',
    on: false,
    help: 'remove the archive when the output is written',
  },
});
