// How answers are kept and asked for again.
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'

import { ApiError } from '@hallpass/client'

/** @param sessionKey what to ask again where an answer says that nobody is logged in */
export function createQueries(sessionKey: readonly string[]): QueryClient {
  function onError(error: Error): void {
    if (error instanceof ApiError && error.code === 'unauthenticated') {
      void queries.invalidateQueries({ queryKey: sessionKey })
    }
  }
  const queries = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // A no stays a no; only silence is worth another try.
        retry: (failures, error) => !(error instanceof ApiError) && failures < 2,
        networkMode: 'always',
        staleTime: 5_000,
      },
      mutations: { networkMode: 'always' },
    },
  })
  return queries
}
