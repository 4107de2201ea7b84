// How a server uses V8 until somebody asks it for the first time: with as little memory as it can.
import { setFlagsFromString } from 'node:v8'

const compilers = ['maglev', 'turbofan']
const flagsOfCompilers = new Set(['jitless', 'lite-mode', 'opt', ...compilers])

/**
 * From now on V8 compiles nothing for speed, because nearly all code of a start runs once: 9 MiB.
 * @returns to be called when the first connection comes: from then on it does
 */
export function beginUnasked(): () => void {
  // What is switched off stays so, and V8 would crash if it compiled after --jitless.
  if (areCompilersChosen()) return () => {}
  // What the compiler needed waits for an idle thread otherwise, up to 20 MiB of it while many ask.
  setFlagsFromString('--no-maglev-destroy-on-background')
  for (const compiler of compilers) setFlagsFromString(`--no-${compiler}`)
  return () => {
    for (const compiler of compilers) setFlagsFromString(`--${compiler}`)
  }
}

/** Whether the flags of this process say which compilers V8 has. */
function areCompilersChosen(): boolean {
  const words = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/[\s"]+/)]
  // V8 takes --no-opt, --noopt and --no_opt.
  return words.some((word) => flagsOfCompilers.has(word.replaceAll('_', '-').replace(/^--(no-?)?|=.*$/g, '')))
}
