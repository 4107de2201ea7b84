// A hook that changes something at the authority as the person who is logged in.
import { use, useState } from 'react'

import { FailureContext, useCache } from '../api/use-query.ts'
import { useAnnounce } from '../ui/announce.ts'
import { mayBeDone } from '../ui/failure-words.ts'

interface MutationOptions<Data, Variables> {
  readonly run: (variables: Variables) => Promise<Data>
  readonly onSuccess?: (data: Data) => unknown
  readonly onSettled?: () => unknown
  /** The announcement for screen readers once it is done, if nothing else says it. */
  readonly said?: (data: Data, variables: Variables) => string
}

interface MutationState<Data, Variables> {
  readonly isPending: boolean
  readonly isSuccess: boolean
  readonly data: Data | undefined
  readonly error: Error | null
  /** Of the newest run. */
  readonly variables: Variables | undefined
}

export interface Mutation<Data, Variables> extends MutationState<Data, Variables> {
  readonly mutate: (variables: Variables) => void
}

const idle = { isPending: false, isSuccess: false, data: undefined, error: null, variables: undefined } as const

/** One at a time: it is pending until `onSuccess` has finished too. */
export function useMutation<Data, Variables = void>(
  options: MutationOptions<Data, Variables>,
): Mutation<Data, Variables> {
  const fail = use(FailureContext)
  const announce = useAnnounce()
  const cache = useCache()
  const [state, setState] = useState<MutationState<Data, Variables>>(idle)

  async function run(variables: Variables): Promise<void> {
    setState({ ...idle, isPending: true, variables })
    try {
      const data = await options.run(variables)
      await options.onSuccess?.(data)
      await options.onSettled?.()
      setState({ ...idle, isSuccess: true, data, variables })
      if (options.said !== undefined) announce(options.said(data, variables))
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error('unknown', { cause })
      fail(error)
      // Nobody waits for it: the network may be gone.
      if (mayBeDone(error)) void cache.invalidate([])
      await options.onSettled?.()
      setState({ ...idle, error, variables })
    }
  }

  return { ...state, mutate: (variables) => void run(variables) }
}
