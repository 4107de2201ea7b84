// Names in requests: an invalid name is not found, in the words that clients match.
import { pathName } from '@hallpass/client/contract'

import { DomainError } from '../../domain/errors.ts'

type Noun = 'App' | 'Organization'

const nouns = { App: 'app', Organization: 'organisation' } as const

/** @throws DomainError `not_found` */
export function readName(noun: Noun, name: string): string {
  if (!pathName.safeParse(name).success) {
    throw new DomainError('not_found', `Could not find ${noun}: there is no ${nouns[noun]} of this name`)
  }
  return name
}

/** For `.catch(notFoundAs('App'))`: something that does not exist, in the same words. */
export function notFoundAs(noun: Noun): (error: unknown) => never {
  return (error) => {
    if (error instanceof DomainError && error.code === 'not_found') {
      throw new DomainError('not_found', `Could not find ${noun}: ${error.message}`, { cause: error })
    }
    throw error
  }
}
