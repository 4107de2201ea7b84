// Reads the access that somebody asks about, as the contract has it.
import type { AskedAccess } from '@hallpass/client'

import { AccessError, canBeName, takeAccess } from '../access.ts'
import { invalid } from './refused.ts'

/** @throws Refused `invalid_request`, which names the field that is wrong */
export function readAccess(value: unknown): AskedAccess {
  const asked = value as AskedAccess
  try {
    takeAccess(asked)
  } catch (error) {
    if (error instanceof AccessError) throw invalid(error.message)
    throw error
  }
  for (const name of ['org_slug', 'app_name'] as const) {
    const text = asked[name]
    if (text !== undefined && !canBeName(text)) throw invalid(`access.${name} has characters that no name has`)
  }
  return asked
}
