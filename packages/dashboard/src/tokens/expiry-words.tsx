// When the token that is about to be made will end, in words.
import { useNow } from '../ui/time.tsx'
import { sayDuration, sayInstant } from '../words/time.ts'
import { endOf, type Expiry } from './expiry.ts'

export function ExpiryWords({ expiry }: { readonly expiry: Expiry }) {
  const now = useNow()
  const end = endOf(expiry, now)
  if (end === undefined || end <= now)
    return <output className="text-muted">Choose the day on which it expires.</output>
  return (
    <output className="min-w-0 flex-1 basis-64 text-muted">
      Expires in {sayDuration((end - now) / 1000)}: {sayInstant(end)}
    </output>
  )
}
