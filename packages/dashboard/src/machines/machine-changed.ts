// After something was asked of a machine: what the pages know of it is out of date.
import { useCache } from '../api/use-query.ts'

export function useMachineChanged(app: string, id: string): () => Promise<unknown> {
  const cache = useCache()
  return () => Promise.all([cache.invalidate(['machine', app, id]), cache.invalidate(['machines'])])
}
