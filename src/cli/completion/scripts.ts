/**
 * A script for each shell. It asks the program what may stand at the cursor, so that it fits the version that is
 * installed. A dot stands before the last word, since PowerShell 5.1 leaves an empty one out. The answer is a
 * line with kind and prefix, then a line for each word, each with a tab before its second part.
 */
import { COMPLETE } from '../flags/verbs.ts';
import type { Offers, shells } from './offers.ts';

/** What the scripts read. */
export function offersText({ kind, prefix, words }: Offers): string {
  return [[kind, prefix], ...words].map((line) => `${line.join('\t')}\n`).join('');
}

/** Bash 3.2 and newer; macOS still has 3.2. */
const bash = `# Completion for bash, printed by: everypage completion bash

__everypage() {
  local cur=\${COMP_WORDS[COMP_CWORD]} kind prefix word path
  COMPREPLY=()
  if [[ $cur == [=:]* ]]; then cur=''; fi
  while IFS=$'\\t' read -r word prefix; do
    if [[ -n $kind ]]; then
      COMPREPLY+=("$word")
      continue
    fi
    kind=$word
    if [[ $kind == words ]]; then continue; fi
    # Bash has cut the word at = and :
    prefix=\${prefix##*[=:]}
    path=\${cur#"$prefix"}
    if [[ $path == '~/'* ]]; then path=$HOME/\${path:2}; fi
    compopt -o filenames 2>/dev/null
    while IFS= read -r path; do
      if [[ -d $path ]]; then
        COMPREPLY+=("$prefix$path/")
        compopt -o nospace 2>/dev/null
      elif [[ $kind == files || $path =~ [.]everypage([.]part)?$ ]]; then
        COMPREPLY+=("$prefix$path")
      fi
    done < <(compgen -f -- "$path")
  done < <(everypage ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD-1}" ".\${COMP_WORDS[COMP_CWORD]}" 2>/dev/null)
}

complete -F __everypage everypage
`;

/** To be sourced after `compinit`, or a file `_everypage` in a folder of `$fpath`. */
const zsh = `#compdef everypage
# Completion for zsh, printed by: everypage completion zsh

_everypage() {
  local line
  local -a lines offered
  lines=("\${(@f)$(everypage ${COMPLETE} "\${(@)words[2,CURRENT-1]}" ".$PREFIX" 2>/dev/null)}")
  compset -P "\${(b)lines[1]#*$'\\t'}"
  case \${lines[1]%%$'\\t'*} in
    files) _files ;;
    archives) _files -g '*.everypage(|.part)' ;;
    words)
      for line in "\${(@)lines[2,-1]}"; do
        offered+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
      done
      _describe -t offers everypage offered
      ;;
  esac
}

if [[ \${funcstack[1]} == _everypage ]]; then
  _everypage "$@"
else
  compdef _everypage everypage
fi
`;

const fish = `# Completion for fish, printed by: everypage completion fish

function __everypage
    set -l token (commandline -ct)
    set -l lines (everypage ${COMPLETE} (commandline -opc)[2..-1] ".$token" 2>/dev/null)
    set -l head (string split \\t -- $lines[1])
    set -l path (string sub -s (math (string length -- "$head[2]") + 1) -- $token)
    switch "$head[1]"
        case words
            for line in $lines[2..-1]
                echo "$head[2]$line"
            end
        case files
            __fish_complete_path $path | string replace -r '^' -- "$head[2]"
        case archives
            __fish_complete_path $path | string match -r '^[^\\t]*(?:/|\\.everypage(?:\\.part)?)(?:\\t.*)?$'
    end
end

complete -c everypage -f -a '(__everypage)'
`;

/** PowerShell 5.1 and newer, which offers files by itself where there is no result. */
const powershell = `# Completion for PowerShell, printed by: everypage completion powershell

Register-ArgumentCompleter -Native -CommandName everypage -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
  $head, $lines = @(everypage ${COMPLETE} @words ".$wordToComplete" 2>$null)
  $kind, $prefix = $head -split "\`t"
  if ($kind -ne 'words') { return }
  if ($null -eq $lines) { return '' }
  foreach ($line in $lines) {
    $word, $help = $line -split "\`t"
    if (-not $help) { $help = $word }
    [System.Management.Automation.CompletionResult]::new("$prefix$word", $word, 'ParameterValue', $help)
  }
}
`;

export const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash,
  zsh,
  fish,
  powershell,
};
