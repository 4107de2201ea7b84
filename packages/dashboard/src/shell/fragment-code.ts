// A one-time code that came behind the # of a link: browsers send it nowhere.
import { useEffect, useState } from 'react'

/** Takes it out of the address, so that it stays in no history and no screenshot; empty where there is none. */
export function useFragmentCode(): string {
  const [code] = useState(readCode)
  // Only now: a rendering that comes to nothing must not have taken it away.
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search)
  }, [])
  return code
}

function readCode(): string {
  const found = location.hash.slice(1)
  return /^[A-Za-z0-9-]{8,80}$/.test(found) ? found : ''
}
