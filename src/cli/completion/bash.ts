import {
  completedFlags,
  completedFlagsOf,
  completedVerbs,
  namesBeforeValue,
  type Offer,
  typedVerbs,
} from './completed.ts';

/** A script for bash 3.2 and newer, which needs nothing else: macOS still has 3.2. */
export function bashCompletion(): string {
  const values = completedFlags.flatMap(({ names, long, value }) => {
    if (value === null || value.offer.kind === 'nothing') return [];
    const before = value.isAttached ? [`${long}=`] : [...names, `${long}=`];
    return [`    ${before.join('|')}) ${offering(value.offer)} ;;`];
  });
  const flagLists = completedVerbs.map(({ name }) => {
    const names = completedFlagsOf(name).flatMap((flag) => flag.names);
    return `        ${name}) __everypage_words '${names.join(' ')}' ;;`;
  });
  const argumentsAfter = completedVerbs.flatMap(({ name, argument }) =>
    argument.kind === 'nothing' ? [] : [`        ${name}) ${offering(argument)} ;;`],
  );
  const names = typedVerbs.map(({ name }) => name);
  const fetched = completedVerbs[0]!.argument;
  return `# Completion for bash, printed by: everypage completion bash

__everypage_words() {
  local word
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <(compgen -W "$1" -- "$cur")
}

# Folders, and files whose paths match $2, that begin as $cur does after $1.
__everypage_files() {
  local path typed=\${cur#"$1"}
  if [[ $typed == '~/'* ]]; then typed=$HOME/\${typed:2}; fi
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do
    if [[ -d $path ]]; then
      COMPREPLY+=("$1$path/")
      compopt -o nospace 2>/dev/null
    elif [[ $path =~ $2 ]]; then
      COMPREPLY+=("$1$path")
    fi
  done < <(compgen -f -- "$typed")
}

__everypage() {
  local cur=\${COMP_WORDS[COMP_CWORD]} verb='' before='' last='' joins='' word i
  COMPREPLY=()
  # Finds the verb and the flag that the word at the cursor belongs to. Bash cuts words at = and :
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == [=:]* ]]; then
      if [[ $last == --* ]]; then before="$last="; else joins=1; fi
      last=''
      if ((i == COMP_CWORD)); then cur=''; fi
    elif ((i == COMP_CWORD)); then
      break
    elif [[ -n $before || -n $joins ]]; then
      before='' joins='' last=''
    else
      last=$word
      case $word in
        ${namesBeforeValue.join('|')}) before=$word ;;
        -?*) ;;
        ${names.join('|')}) verb=\${verb:-$word} ;;
        *) verb=\${verb:-fetch} ;;
      esac
    fi
  done
  if [[ -n $joins ]]; then return; fi
  case $before in
    '')
      if [[ $cur == -* ]]; then
        case \${verb:-fetch} in
${flagLists.join('\n').replaceAll(/^/gm, '  ')}
        esac
        return
      fi
      case $verb in
        '')
          __everypage_words '${names.join(' ')}'
          ${offering(fetched)}
          ;;
${argumentsAfter.join('\n')}
      esac
      ;;
${values.join('\n')}
  esac
}

complete -F __everypage everypage
`;
}

function offering(offer: Offer): string {
  switch (offer.kind) {
    case 'words':
      return `__everypage_words '${offer.words.join(' ')}'`;
    case 'files':
      return "__everypage_files '' .";
    case 'files after @':
      return 'if [[ $cur == @* ]]; then __everypage_files @ .; fi';
    case 'archives':
      return "__everypage_files '' '[.]everypage([.]part)?$'";
    case 'nothing':
      return ':';
  }
}
