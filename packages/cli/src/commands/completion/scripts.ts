// What each shell loads: it asks `hallpass __complete` for words, one a line with a tab and what it is behind it.

export const shells = ['bash', 'zsh', 'fish'] as const

/** The line that says: complete the name of a file here. */
export const filesLine = ':files'

/** A shell's script by its name. Of a flag and its value with = between, bash completes the value alone. */
export const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: `_hallpass() {
  local word line words=() current=\${COMP_WORDS[COMP_CWORD]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [[ $word == = ]] || words+=("$word")
  done
  [[ $current == = ]] && words+=("")
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ${filesLine} ]]; then
      compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$current"))
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(command hallpass __complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _hallpass hallpass
`,
  zsh: `#compdef hallpass
_hallpass() {
  local line
  local -a described
  for line in "\${(@f)$(command hallpass __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == ${filesLine} ]]; then
      compset -P '*='
      _files
    elif [[ -n $line ]]; then
      described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( $#described )) && _describe -V hallpass described
}
if [[ $funcstack[1] == _hallpass ]]; then
  _hallpass "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _hallpass hallpass
fi
`,
  fish: `function __hallpass_complete
    set -l words (commandline -opc)
    for line in (command hallpass __complete -- $words[2..-1] (commandline -ct | string collect --allow-empty) 2>/dev/null)
        if test "$line" = ${filesLine}
            __fish_complete_path (commandline -ct)
        else
            printf '%s\\n' $line
        end
    end
end
complete -c hallpass -f -a '(__hallpass_complete)'
`,
}
