// The live region of the page for screen readers.
import { useState, type ReactNode } from 'react'

import { AnnounceContext } from './announce.ts'

export function Announcer({ children }: { readonly children: ReactNode }) {
  const [words, setWords] = useState('')
  const [announce] = useState(() => (said: string) => {
    // A repeated announcement needs a different text. A dialog silences the rest of the page until it has closed.
    setWords('')
    setTimeout(() => setWords(said), 100)
  })
  return (
    <AnnounceContext value={announce}>
      {children}
      <output className="sr-only">{words}</output>
    </AnnounceContext>
  )
}
