import {
  type CompletedFlag,
  completedFlags,
  completedVerbs,
  namesBeforeValue,
  type Offer,
} from './completed.ts';

/** A script for PowerShell 5.1 and newer. */
export function powershellCompletion(): string {
  const verbs = completedVerbs.map(
    ({ name, help, argument }) =>
      `    @{ Name = ${quoted(name)}; Help = ${quoted(help)}; ${offering(argument)} }`,
  );
  return `# Completion for PowerShell, printed by: everypage completion powershell

Register-ArgumentCompleter -Native -CommandName everypage -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)

  $verbs = @(
${verbs.join('\n')}
  )
  $flags = @(
${completedFlags.map(flagLine).join('\n')}
  )
  $beforeValue = ${list(namesBeforeValue)}

  # Finds the verb and the flag that the word at the cursor belongs to.
  $verb = $null
  $before = $null
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
  foreach ($word in $words) {
    if ($null -ne $before) { $before = $null }
    elseif ($beforeValue -ccontains $word) { $before = $word }
    elseif ($word -like '-?*') { }
    elseif ($null -eq $verb) {
      $verb = if (@($verbs | ForEach-Object { $_.Name }) -ccontains $word) { $word } else { 'fetch' }
    }
  }

  function Offer($offer, $prefix, $typed) {
    if ($offer.Kind -eq 'files') { return }
    foreach ($word in @($offer.Words)) {
      if ($null -ne $word -and $word -like "$typed*") {
        [System.Management.Automation.CompletionResult]::new("$prefix$word", $word, 'ParameterValue', $word)
      }
    }
    # Without a result, PowerShell offers files.
    if ($offer.Kind -eq 'nothing') { '' }
  }

  if ($wordToComplete -match '^(--[^=]+=)(.*)$') {
    $name, $typed = $Matches[1].TrimEnd('='), $Matches[2]
    $flag = $flags | Where-Object { $_.Names -ccontains $name } | Select-Object -First 1
    if ($null -ne $flag) { Offer $flag "$name=" $typed }
    return
  }
  if ($null -ne $before) {
    Offer ($flags | Where-Object { $_.Names -ccontains $before } | Select-Object -First 1) '' $wordToComplete
    return
  }
  $current = if ($null -eq $verb) { 'fetch' } else { $verb }
  if ($wordToComplete -like '-*') {
    foreach ($flag in $flags) {
      if ($flag.Verbs -cnotcontains $current) { continue }
      foreach ($name in $flag.Names) {
        if ($name -clike "$wordToComplete*") {
          [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterName', $flag.Help)
        }
      }
    }
    return
  }
  if ($null -eq $verb) {
    foreach ($one in $verbs) {
      if ($one.Name -ne 'fetch' -and $one.Name -like "$wordToComplete*") {
        [System.Management.Automation.CompletionResult]::new($one.Name, $one.Name, 'Command', $one.Help)
      }
    }
    return
  }
  Offer ($verbs | Where-Object { $_.Name -eq $current } | Select-Object -First 1) '' $wordToComplete
}
`;
}

function flagLine({ names, help, verbs, value }: CompletedFlag): string {
  const offer = offering(value?.offer ?? { kind: 'nothing' });
  return `    @{ Names = ${list(names)}; Verbs = ${list(verbs)}; Help = ${quoted(help)}; ${offer} }`;
}

/** PowerShell offers files by itself. It takes `@urls` for a variable, so such a word is in quotes. */
function offering(offer: Offer): string {
  if (offer.kind === 'words') return `Kind = 'words'; Words = ${list(offer.words)}`;
  return `Kind = '${offer.kind === 'nothing' ? 'nothing' : 'files'}'`;
}

function list(words: readonly string[]): string {
  return `@(${words.map(quoted).join(', ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
