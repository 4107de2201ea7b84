// The last use of a token in words.
import type { Token } from '@hallpass/client'

import { formatGoTime } from '../../go-time.ts'

/** The instant to the minute, `never`, or since when it would be known. */
export function sayLastUse({
  last_used_at,
  last_use_known_since,
  created_at,
}: Pick<Token, 'last_used_at' | 'last_use_known_since' | 'created_at'>): string {
  if (last_used_at !== null) return toMinute(last_used_at)
  const isKnown = Date.parse(last_use_known_since) <= Date.parse(created_at)
  return isKnown ? 'never' : `not known before ${toMinute(last_use_known_since)}`
}

function toMinute(timestamp: string): string {
  return formatGoTime(timestamp).replace(/^(\S+ \d\d:\d\d):\d\d/, '$1')
}
