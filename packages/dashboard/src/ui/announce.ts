// Says what came of something to those who do not see it.
import { createContext, use, useEffect, useRef } from 'react'

import type { Query } from '../api/use-query.ts'

export const AnnounceContext = createContext<(words: string) => void>(() => undefined)

/** Has a sentence read out when whoever listens is done with what they hear. */
export function useAnnounce(): (words: string) => void {
  return use(AnnounceContext)
}

/** Has it read out how much is there, whenever something else was asked for: not at first, when the page itself is read. */
export function useSayAnswer<Data>(asked: unknown, { data, isLast }: Query<Data>, say: (data: Data) => string): void {
  const announce = useAnnounce()
  const name = JSON.stringify(asked)
  const said = useRef<string>(undefined)
  useEffect(() => {
    if (data === undefined || isLast || said.current === name) return
    if (said.current !== undefined) announce(say(data))
    said.current = name
  })
}
