// An instant: relative in the text, exact in the tooltip.
import { createContext, use, useEffect, useState, type ReactNode } from 'react'

import { sayDistance, sayInstant } from '../words/time.ts'

const NowContext = createContext(0)

const beat = 30_000

/** Keeps relative times true while the page stays open. */
export function NowProvider({ children }: { readonly children: ReactNode }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), beat)
    return () => clearInterval(timer)
  }, [])
  return <NowContext value={now}>{children}</NowContext>
}

/** Milliseconds since 1970, at most half a minute old, and never older than the component. */
export function useNow(): number {
  const [arrived] = useState(Date.now)
  return Math.max(use(NowContext), arrived)
}

export function Time({ at }: { readonly at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={sayInstant(at)}>
      {sayDistance(at, now)}
    </time>
  )
}
