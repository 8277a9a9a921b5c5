import {
  type CompletedFlag,
  completedFlagsOf,
  completedVerbs,
  namesBeforeValue,
  type Offer,
  typedVerbs,
} from './completed.ts';

/** A script for zsh: to be sourced after `compinit`, or a file `_everypage` in a folder of `$fpath`. */
export function zshCompletion(): string {
  const described = typedVerbs.map(({ name, help }) => `    ${quoted(`${name}:${help}`)}`);
  const cases = completedVerbs.map(({ name, argument }) => {
    const isTyped = name !== 'fetch';
    const specs = completedFlagsOf(name).flatMap(specsOf);
    if (isTyped) specs.push(quoted('1: :'));
    specs.push(quoted(`*: :${isTyped ? actionOf(argument) : ' __everypage_url'}`));
    const pattern = isTyped ? name : '*';
    return `    (${pattern})\n      _arguments -s -S ${specs.join(' \\\n        ')}\n      ;;`;
  });
  // What is typed fits no pattern but the last.
  const [fetching, ...others] = cases;
  return `#compdef everypage
# Completion for zsh, printed by: everypage completion zsh

__everypage_verbs() {
  local -a verbs=(
${described.join('\n')}
  )
  _describe -t verbs verb verbs
}

__everypage_after_at() {
  compset -P @ && _files
}

# $verb is of the function that calls it.
__everypage_url() {
  [[ -n $verb ]] || __everypage_verbs
  __everypage_after_at
}

_everypage() {
  local verb='' word is_value=''
  local -a before_value=(${namesBeforeValue.join(' ')})
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $is_value ]]; then
      is_value=''
    elif ((\${before_value[(Ie)$word]})); then
      is_value=1
    elif [[ $word != -?* ]]; then
      verb=$word
      break
    fi
  done
  case $verb in
${[...others, fetching].join('\n')}
  esac
}

if [[ \${funcstack[1]} == _everypage ]]; then
  _everypage "$@"
else
  compdef _everypage everypage
fi
`;
}

/** As `_arguments` of zshcompsys(1) wants them. */
function specsOf({ names, help, isList, value }: CompletedFlag): readonly string[] {
  const once = isList ? '*' : names.length > 1 ? `(${names.join(' ')})` : '';
  return names.map((name) => {
    const isLong = name.startsWith('--');
    const told = `[${help.replace(/[[\]\\]/g, '\\$&')}]`;
    if (value === null) return quoted(`${once}${name}${told}`);
    const { name: what, offer, isAttached } = value;
    const joint = isAttached ? '=-' : isLong ? '=' : '+';
    const message = `${isAttached ? '::' : ':'}${what.replaceAll(':', '\\:')}:`;
    return quoted(`${once}${name}${joint}${told}${message}${actionOf(offer)}`);
  });
}

function actionOf(offer: Offer): string {
  switch (offer.kind) {
    case 'words':
      return `(${offer.words.join(' ')})`;
    case 'files':
      return '_files';
    case 'files after @':
      return ' __everypage_after_at';
    case 'archives':
      return '_files -g "*.everypage(|.part)"';
    case 'nothing':
      // A message, and nothing to choose.
      return ' ';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
