// Asks the authority and keeps its answers, with SWR, for as long as the page stands: one request at a time for each
// question. It asks again when an answer is called out of date, when the person comes back to the page, and when the network does.
import { createContext, use, useMemo, useState } from 'react'
import useSWR, { useSWRConfig } from 'swr'

import { ApiError, ConnectionError } from '@hallpass/client'

type Key = readonly [name: string, ...parts: unknown[]]

/** Receives the error of every failed request. */
export const FailureContext = createContext<(error: unknown) => void>(() => undefined)

export interface Cache {
  readonly set: (key: Key, data: unknown) => void
  /** Every answer whose key begins so is out of date; resolves when the page has fetched again those that it shows. */
  readonly invalidate: (beginning: Key | readonly []) => Promise<unknown>
  /** Asks for one answer again, and resolves to it. */
  readonly refetch: (key: Key) => Promise<unknown>
  /** Forgets all answers, and asks for none of them. */
  readonly forget: () => void
}

export function useCache(): Cache {
  const { mutate, unload } = useSWRConfig()
  return useMemo(
    () => ({
      set: (key, data) => void mutate(key, data, { revalidate: false }),
      invalidate: (beginning) =>
        mutate((key) => Array.isArray(key) && beginning.every((part, index) => part === key[index])),
      refetch: (key) => mutate(key),
      forget: () => unload({ revalidate: false }),
    }),
    [mutate, unload],
  )
}

interface QueryOptions<Data> {
  readonly key: Key
  readonly ask: () => Promise<Data>
  /** False where there is nothing to ask yet. */
  readonly enabled?: boolean
  /** Milliseconds for which an answer is fresh; Infinity fetches it once. */
  readonly freshFor?: number
  /** Whether the answer of the key before stays until this one is answered. */
  readonly keepsLast?: boolean
  /** Milliseconds until it is asked for again, for as long as somebody looks at the page; 0 for never. */
  readonly repeats?: (data: Data) => number
}

export interface Query<Data> {
  readonly data: Data | undefined
  /** Why the newest attempt failed; null where it did not, or is still under way for the first time. */
  readonly error: Error | null
  readonly isFetching: boolean
  /** What is shown belongs to another question, and this one is under way. */
  readonly isLast: boolean
  readonly refetch: () => void
}

export function useQuery<Data>(options: QueryOptions<Data>): Query<Data> {
  const { key, ask, enabled = true, freshFor = 5000, keepsLast = false, repeats } = options
  const asksAgain = Number.isFinite(freshFor)
  const answer = useSWR<Data, Error>(enabled ? key : null, () => askPatiently(ask), {
    dedupingInterval: asksAgain ? freshFor : 0,
    revalidateIfStale: asksAgain,
    revalidateOnFocus: asksAgain,
    revalidateOnReconnect: asksAgain,
    focusThrottleInterval: 0,
    refreshInterval: (newest) => (newest === undefined ? 0 : (repeats?.(newest) ?? 0)),
    shouldRetryOnError: false,
    onError: use(FailureContext),
  })
  const { data, error = null, isValidating, mutate } = answer
  const [last, setLast] = useState<Data | undefined>(undefined)
  if (keepsLast && data !== undefined && data !== last) setLast(data)
  const isLast = keepsLast && data === undefined && error === null && last !== undefined
  return { data: isLast ? last : data, error, isFetching: isValidating, isLast, refetch: () => void mutate() }
}

/** Milliseconds before another try. */
const pauses = [1000, 2000]

async function askPatiently<Data>(ask: () => Promise<Data>): Promise<Data> {
  for (const pause of pauses) {
    try {
      return await ask()
    } catch (error) {
      if (!isWorthAnotherTry(error)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  return ask()
}

/** A refusal is final, and so is a wrong answer with a status below 500. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof ConnectionError) return (error.details.status ?? 500) >= 500
  return !(error instanceof ApiError)
}
