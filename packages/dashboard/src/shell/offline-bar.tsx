// Says that there is no network, for as long as there is none.
import { useSyncExternalStore } from 'react'

import { Notice } from '../ui/notice.tsx'

export function OfflineBar() {
  const isOnline = useSyncExternalStore(listen, () => navigator.onLine)
  if (isOnline) return null
  return (
    <Notice tone="warn" alert className="mb-6">
      You are offline. This page may be out of date, and you cannot change anything.
    </Notice>
  )
}

function listen(changed: () => void): () => void {
  addEventListener('online', changed)
  addEventListener('offline', changed)
  return () => {
    removeEventListener('online', changed)
    removeEventListener('offline', changed)
  }
}
