// What can be wrong with a database while the authority runs, in words for clients.
import { DomainError } from '../domain/errors.ts'
import type { Trouble } from '../domain/store.ts'

/** The outcome of the request: a read changes nothing, and the outcome of an unconfirmed commit is unknown. */
export type Outcome = 'read' | 'unchanged' | 'open'

/** The error for a request that the database could not do. */
export class StoreTrouble extends DomainError implements Trouble {
  readonly reason: Trouble['reason']
  readonly outcome: Outcome

  constructor(reason: Trouble['reason'], outcome: Outcome, cause?: unknown) {
    const { sentence, retryAfter } = troubles[reason]
    super(reason === 'storage_full' ? 'storage_full' : 'unavailable', `${sentence}${endings[outcome]}`, {
      retryAfter,
      cause,
    })
    this.reason = reason
    this.outcome = outcome
  }
}

/** Others were served first. The database is in order. */
export class Crowded extends StoreTrouble {
  constructor(outcome: Outcome) {
    super('busy', outcome)
  }
}

/** The client left before its turn: nothing was done, and the database may be in order. */
export class Left extends DomainError {
  constructor() {
    super('unavailable', 'the client has left')
  }
}

const endings: Readonly<Record<Outcome, string>> = {
  read: '',
  unchanged: '; nothing was changed',
  open: '; it may have been done all the same: look before you try it again',
}

const troubles: Readonly<Record<Trouble['reason'], { readonly sentence: string; readonly retryAfter: number }>> = {
  locked: { sentence: 'another program holds the database of the authority', retryAfter: 2 },
  busy: { sentence: 'too many requests wait for the database of the authority', retryAfter: 2 },
  storage_full: {
    sentence: 'the disk of the authority is full',
    retryAfter: 30,
  },
  read_only: { sentence: 'the database of the authority takes no writes at the moment', retryAfter: 5 },
  unreachable: { sentence: 'the database of the authority cannot be reached', retryAfter: 5 },
  slow: { sentence: 'the database of the authority did not answer in time', retryAfter: 5 },
  files_missing: { sentence: 'a file of the database is gone or was replaced: nothing can be kept', retryAfter: 5 },
  outdated: {
    sentence: 'this server is older than its database, and writes nothing: let the newer ones answer, and stop it',
    retryAfter: 5,
  },
  closed: { sentence: 'the authority is stopping, and its database is closed', retryAfter: 5 },
  damaged: { sentence: 'the database of the authority cannot be read or written', retryAfter: 30 },
}
