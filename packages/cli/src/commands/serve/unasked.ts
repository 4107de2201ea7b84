// How a server uses V8 until somebody asks it for the first time: with as little memory as it can.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

interface Unasked {
  /** Told when it listens: the start is over. */
  readonly started: () => void
  /** Told when the first connection comes. */
  readonly asked: () => void
}

/** Milliseconds. A server that others ask is asked by then. */
const patience = 1000
const compilers = ['maglev', 'turbofan']

/**
 * Nearly all code of a start runs once, so V8 compiles none of it for speed: 9 MiB. What the start has left is collected if
 * nobody connects for a second, in a pause of some 60 ms: 11 MiB, which V8 would keep for garbage.
 */
export function beginUnasked(): Unasked {
  let collecting: NodeJS.Timeout | undefined
  let isAsked = false
  // What the compiler needed waits for an idle thread otherwise, up to 20 MiB of it while many ask.
  setFlagsFromString('--no-maglev-destroy-on-background')
  for (const compiler of compilers) setFlagsFromString(`--no-${compiler}`)
  return {
    started() {
      if (!isAsked) collecting = setTimeout(collect, patience).unref()
    },
    asked() {
      isAsked = true
      clearTimeout(collecting)
      for (const compiler of compilers) setFlagsFromString(`--${compiler}`)
    },
  }
}

/** As V8 does where memory is short: the young generation shrinks too. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as NodeJS.GCFunction
  setFlagsFromString('--no-expose-gc')
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
