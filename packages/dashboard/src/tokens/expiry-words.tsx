// When the token that is about to be made will end, in words.
import { useNow } from '../ui/time.tsx'
import { sayDuration, sayInstant } from '../words/time.ts'
import { endOf, type Expiry, isVeryLong } from './expiry.ts'

export function ExpiryWords({ expiry }: { readonly expiry: Expiry }) {
  const now = useNow()
  const end = endOf(expiry, now)
  if (end === undefined || end <= now)
    return <output className="text-muted">Choose the day on which it expires.</output>
  const words = `Expires on ${sayInstant(end, undefined)}, in ${sayDuration((end - now) / 1000)}.`
  return (
    <output className="min-w-0 flex-1 basis-64 text-muted">
      {words}
      {isVeryLong(end, now) && <span className="block text-warn">That is very long. Choose what the job needs.</span>}
    </output>
  )
}
