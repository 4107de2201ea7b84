// Announcements for screen readers.
import { createContext, use, useEffect, useRef } from 'react'

export const AnnounceContext = createContext<(words: string) => void>(() => undefined)

/** Announces a sentence after the current speech. */
export function useAnnounce(): (words: string) => void {
  return use(AnnounceContext)
}

/** Announces the number of items when the list changes, but not at first, when the page itself is read. */
export function useSayCount<Data extends { readonly next_cursor?: string | undefined }>(
  asked: unknown,
  { data, isLast }: { readonly data: Data | undefined; readonly isLast: boolean },
  [noun, count]: readonly [noun: string, count: (data: Data) => number],
): void {
  const announce = useAnnounce()
  const name = JSON.stringify(asked) ?? ''
  const said = useRef<string>(undefined)
  useEffect(() => {
    if (data === undefined || isLast || said.current === name) return
    if (said.current !== undefined) announce(sayCount(count(data), noun, data.next_cursor !== undefined))
    said.current = name
  })
}

function sayCount(count: number, noun: string, hasMore: boolean): string {
  const words = count === 0 ? `No ${noun}` : count === 1 ? `One ${noun}` : `${count} ${noun}s`
  return `${words}${hasMore ? ', and more on the next page' : ''}.`
}
