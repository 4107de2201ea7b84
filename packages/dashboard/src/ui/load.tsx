// Shows whatever is fetched: while it loads, if it failed, and once it is there.
import type { ReactNode } from 'react'

import { Button } from './button.tsx'
import { describeFailure } from './failure-words.ts'
import { Failure } from './failure.tsx'
import { Notice } from './notice.tsx'

interface LoadProps<Data> {
  readonly query: {
    readonly data: Data | undefined
    /** Why the newest attempt failed. */
    readonly error: Error | null
    readonly isFetching: boolean
    readonly refetch: () => void
  }
  /** Names it in a sentence, with a capital letter. */
  readonly what: string
  /** Shown meanwhile, in the size of the content. */
  readonly skeleton: ReactNode
  readonly children: (data: Data) => ReactNode
}

/** Data that is there stays, with a notice if it could not be fetched again. */
export function Load<Data>({ query, what, skeleton, children }: LoadProps<Data>) {
  const { data, error, isFetching, refetch } = query
  if (data !== undefined) {
    return (
      <>
        {error !== null && (
          <Notice tone="warn" alert className="mb-5 flex flex-wrap items-center justify-between gap-3">
            <span>{describeFailure(error)} What you see may be out of date.</span>
            <Button size="small" busy={isFetching} onClick={refetch}>
              Try again
            </Button>
          </Notice>
        )}
        {children(data)}
      </>
    )
  }
  if (error !== null) return <Failure what={what} error={error} busy={isFetching} onRetry={refetch} />
  return skeleton
}
