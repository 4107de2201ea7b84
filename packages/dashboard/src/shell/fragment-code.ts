// A one-time code that came behind the # of a link: browsers send it nowhere.
import { useEffect, useState } from 'react'

/** Removes it from the address, so that no history or screenshot keeps it; empty if there is none. */
export function useFragmentCode(): string {
  const [code] = useState(readCode)
  // In an effect, because React may drop a rendering, and the code must not be lost with it.
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search)
  }, [])
  return code
}

function readCode(): string {
  const found = location.hash.slice(1)
  return /^[A-Za-z0-9-]{8,80}$/.test(found) ? found : ''
}
