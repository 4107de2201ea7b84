// Reads `--from` and the like: the networks from which a token is good.
import { MacaroonError } from '@hallpass/macaroon'
import { parseNetwork, splitItems } from '@hallpass/macaroon/narrow'

import { CommandError } from './errors.ts'

/**
 * The networks, as they are written; undefined where the flag is not given.
 * @throws CommandError `misused`, naming the flag and what is wrong with an item
 */
export function readNetworks(texts: readonly string[] | undefined, flag = '--from'): readonly string[] | undefined {
  const items = texts?.flatMap(splitItems)
  for (const item of items ?? []) {
    try {
      parseNetwork(item)
    } catch (error) {
      if (!(error instanceof MacaroonError)) throw error
      const which = `${items?.length === 1 ? 'the value' : 'an item'} of ${flag}`
      throw new CommandError('misused', `${which} ${item === '' ? 'is empty' : error.message}`)
    }
  }
  return items
}
