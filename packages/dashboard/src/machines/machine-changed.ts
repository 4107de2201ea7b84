// Marks what the pages know of a machine as out of date, after a request has changed it.
import { useCache } from '../api/use-query.ts'

export function useMachineChanged(app: string, id: string): () => Promise<unknown> {
  const cache = useCache()
  return () => Promise.all([cache.invalidate(['machine', app, id]), cache.invalidate(['machines'])])
}
