// An instant: relative in the text, exact in the tooltip.
import { createContext, use, useEffect, useState, type ReactNode } from 'react'

import { sayDistance, sayInstant } from '../words/time.ts'
import type { Clock } from './clock.ts'

interface Beat {
  readonly clock: Clock
  readonly at: number
  /** Of the clock, when it was read. */
  readonly ahead: number
}

const BeatContext = createContext<Beat | undefined>(undefined)

const beat = 30_000

function readBeat(clock: Clock): Beat {
  return { clock, at: clock.now(), ahead: clock.ahead() }
}

/** Keeps relative times true while the page stays open. */
export function NowProvider({ clock, children }: { readonly clock: Clock; readonly children: ReactNode }) {
  const [now, setNow] = useState(() => readBeat(clock))
  useEffect(() => {
    const renew = () => setNow(readBeat(clock))
    const timer = setInterval(renew, beat)
    const unsubscribe = clock.subscribe(renew)
    // An answer may have come before this effect.
    renew()
    return () => {
      clearInterval(timer)
      unsubscribe()
    }
  }, [clock])
  return <BeatContext value={now}>{children}</BeatContext>
}

/** Milliseconds since 1970 by the authority's clock, at most half a minute old, and never older than the component. */
export function useNow(): number {
  const now = use(BeatContext)
  if (now === undefined) throw new Error('there is no clock here')
  const { clock, at, ahead } = now
  const [arrived, setArrived] = useState(() => ({ at: clock.now(), ahead }))
  // What was read before the clock was put right says nothing.
  if (arrived.ahead !== ahead) setArrived({ at: clock.now(), ahead })
  return Math.max(at, arrived.at)
}

export function Time({ at }: { readonly at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={sayInstant(at)}>
      {sayDistance(at, now)}
    </time>
  )
}
