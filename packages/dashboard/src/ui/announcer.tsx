// The place of the page that screen readers listen to.
import { useState, type ReactNode } from 'react'

import { AnnounceContext } from './announce.ts'

export function Announcer({ children }: { readonly children: ReactNode }) {
  const [words, setWords] = useState('')
  const [announce] = useState(() => (said: string) => {
    // Said again, it has to be another text; and a dialog that closes keeps the rest of the page silent until it has.
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
