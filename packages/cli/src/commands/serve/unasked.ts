// How a server uses V8 until somebody asks it for the first time: with as little memory as it can.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

interface Unasked {
  /** Told when it listens: the start is over. */
  readonly started: () => void
  /** Told when the first connection comes. */
  readonly asked: () => void
}

const compilers = ['maglev', 'turbofan']
const flagsOfCompilers = new Set(['jitless', 'lite-mode', 'opt', ...compilers])

/**
 * From now on V8 compiles nothing for speed, because nearly all code of a start runs once: 9 MiB. The garbage of the start is collected
 * if nobody has connected some time after it: 11 MiB. With the first connection V8 becomes what it would be without all this.
 * @param patience milliseconds; a server that others ask is asked by then
 */
export function beginUnasked(patience = 1000): Unasked {
  const chooseCompilers = waitWithCompilers()
  let resting: NodeJS.Timeout | undefined
  let isAsked = false
  let growAgain: (() => void) | undefined
  return {
    started() {
      if (isAsked) return
      resting = setTimeout(() => {
        growAgain = collect()
      }, patience).unref()
    },
    asked() {
      isAsked = true
      clearTimeout(resting)
      chooseCompilers()
      growAgain?.()
    },
  }
}

function waitWithCompilers(): () => void {
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

/**
 * Collects as V8 does where memory is short, in a pause of some 60 ms, so that the young generation shrinks too.
 * @returns makes it as large as it was before: V8 does so only if much of it survives collections, as in a start, and
 * requests leave nothing that does. In a small one they would cost a tenth more, for as long as the server runs.
 */
function collect(): (() => void) | undefined {
  const before = youngCapacity()
  setFlagsFromString('--expose-gc')
  // Under --expose-gc-as it has another name.
  const gc = runInNewContext('globalThis.gc') as NodeJS.GCFunction | undefined
  setFlagsFromString('--no-expose-gc')
  if (gc === undefined) return undefined
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return () => {
    const eightKiB = Array.from({ length: 1024 }, () => 0)
    for (let times = 0; times < mostTimes && youngCapacity() < before; times++) {
      const survivors = Array.from({ length: 128 }, () => eightKiB.slice())
      gc({ type: 'minor' })
      survivors.length = 0
    }
  }
}

/** A mebibyte survives each time, in one or two milliseconds; it takes eight of them. */
const mostTimes = 32

/** Bytes of short-lived objects that V8 makes room for. */
export function youngCapacity(): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  return young === undefined ? 0 : young.space_used_size + young.space_available_size
}
