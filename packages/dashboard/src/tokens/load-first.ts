// Loads parts of the page before something is made that only they can show.
import { ConnectionError } from '@hallpass/client'

import { PlainError } from '../ui/failure-words.ts'

/** The parts. Throws what the page says where one could not be loaded: nothing was made. */
export function loadFirst<Parts>(parts: Promise<Parts>): Promise<Parts> {
  return parts.catch((cause: unknown) => {
    if (!navigator.onLine) throw new ConnectionError('unreachable', 'offline', { cause })
    throw new PlainError(
      'Nothing was created: a part of this page could not be loaded. Reload the page and try again.',
      { cause },
    )
  })
}
