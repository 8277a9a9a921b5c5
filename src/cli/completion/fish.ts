import {
  type CompletedFlag,
  completedFlags,
  completedVerbs,
  namesBeforeValue,
  type Offer,
  typedVerbs,
} from './completed.ts';

/** A script for fish. */
export function fishCompletion(): string {
  const names = typedVerbs.map(({ name }) => name);
  const lines = [
    ...typedVerbs.map(({ name, help }) => complete(['none'], '-a', name, '-d', quoted(help))),
    ...completedVerbs.flatMap(({ name, argument }) => {
      const offered = offering(argument);
      return offered === null ? [] : [complete(whileTyping(name), '-a', quoted(offered))];
    }),
    ...completedFlags.map(flagLine),
  ];
  return `# Completion for fish, printed by: everypage completion fish

function __everypage_verb
    set -l is_value 0
    for word in (commandline -opc)[2..-1]
        if test $is_value = 1
            set is_value 0
            continue
        end
        switch $word
            case ${namesBeforeValue.join(' ')}
                set is_value 1
            case '-?*'
            case ${names.join(' ')}
                echo $word
                return
            case '*'
                echo fetch
                return
        end
    end
    echo none
end

function __everypage_is
    contains -- (__everypage_verb) $argv
end

function __everypage_archives
    set -l token (commandline -ct)
    __fish_complete_path "$token" | string match -r '^[^\\t]*(?:/|\\.everypage(?:\\.part)?)(?:\\t.*)?$'
end

function __everypage_after_at
    set -l token (commandline -ct)
    if string match -q -- '@*' $token
        __fish_complete_path (string sub -s 2 -- $token) | string replace -r '^' @
    end
end

complete -c everypage -f
${lines.join('\n')}
`;
}

/** Before a verb is typed, what is said of `fetch` holds. */
function whileTyping(...verbs: readonly string[]): readonly string[] {
  return verbs.includes('fetch') ? ['none', ...verbs] : verbs;
}

function complete(verbs: readonly string[], ...words: readonly string[]): string {
  const condition = quoted(`__everypage_is ${verbs.join(' ')}`);
  return ['complete -c everypage -n', condition, ...words].join(' ');
}

function flagLine({ short, long, help, verbs, value }: CompletedFlag): string {
  const names = short === null ? [] : ['-s', short];
  names.push('-l', long.slice(2), '-d', quoted(help));
  if (value === null) return complete(whileTyping(...verbs), ...names);
  const { offer, isAttached } = value;
  // With -r the value is required; without, it is offered after an equals sign only.
  if (!isAttached) names.push(offer.kind === 'files' ? '-r -F' : '-x');
  const offered = offer.kind === 'files' ? null : offering(offer);
  if (offered !== null) names.push('-a', quoted(offered));
  return complete(whileTyping(...verbs), ...names);
}

function offering(offer: Offer): string | null {
  switch (offer.kind) {
    case 'words':
      return offer.words.join(' ');
    case 'files':
      return '(__fish_complete_path)';
    case 'files after @':
      return '(__everypage_after_at)';
    case 'archives':
      return '(__everypage_archives)';
    case 'nothing':
      return null;
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
