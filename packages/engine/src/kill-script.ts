// The script that kills, from within a run, a command that is left behind, and all that it began.

/** What the script says when it has looked at all processes. */
export const looked = 'looked'

/**
 * Kills what has `$0` in its environment, and all else in the same sessions. In `stat`, the session is the fourth field after the
 * name. 1 is the session of a first process, and 0 one outside.
 */
export const killScript = [
  'exec 2>/dev/null; all=',
  'session() { read -r line <"$1/stat" && set -- ${line##*) } && session=$4; }',
  'for p in /proc/[0-9]*; do',
  '  grep -q "$0" "$p/environ" && session "$p" && all="$all $session " && kill -9 "${p#/proc/}"',
  'done',
  'for p in /proc/[0-9]*; do',
  '  session "$p" && [ "$session" -gt 1 ] || continue',
  '  case $all in *" $session "*) kill -9 "${p#/proc/}" ;; esac',
  'done',
  `echo ${looked}`,
].join('\n')
