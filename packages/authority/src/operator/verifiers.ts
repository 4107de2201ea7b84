// What the operator does with verifiers, with or without a running server.
import { randomBytes } from 'node:crypto'

import { StartupError } from '../domain/errors.ts'
import type { Secret } from '../domain/secret.ts'
import { createVerifierSecret, hashVerifierSecret, mostVerifiers, type Verifier } from '../domain/verifier.ts'
import { beside, eventOf, type Place } from './beside.ts'

type NamedPlace = Place & {
  readonly name: string
  /** Milliseconds. */
  readonly now: number
}

/** @throws StartupError an error of the store */
export function listVerifiers(place: Place): Promise<readonly Verifier[]> {
  return beside(place, (store) => store.read((tx) => tx.verifiers.list()))
}

/**
 * Makes a verifier. Its credential is shown once.
 * @throws StartupError `verifier_refused`, or an error of the store
 */
export function createVerifier({ name, now, ...place }: NamedPlace): Promise<Verifier & { readonly secret: Secret }> {
  const secret = createVerifierSecret(randomBytes)
  const secretHash = hashVerifierSecret(secret.reveal()) ?? new Uint8Array()
  return beside(place, (store) =>
    store.write(async (tx) => {
      const known = await tx.verifiers.list()
      if (known.length >= mostVerifiers) throw refuse(`There are ${mostVerifiers} verifiers already.`)
      if (known.some((each) => each.name === name)) throw refuse(`There is already a verifier ${name}.`)
      const verifier = await tx.verifiers.insert({ name, secretHash, createdAt: now })
      await tx.audit.append(eventOf('verifier.create', `verifier ${name}`, now))
      return { ...verifier, secret }
    }),
  )
}

/**
 * Ends a verifier: it hears nothing from now on.
 * @throws StartupError `verifier_refused` if there is none of this name, or an error of the store
 */
export function revokeVerifier({ name, now, ...place }: NamedPlace): Promise<Verifier> {
  return beside(place, (store) =>
    store.write(async (tx) => {
      const verifier = (await tx.verifiers.list()).find((each) => each.name === name)
      if (verifier === undefined) throw refuse(`There is no verifier ${name}.`)
      await tx.verifiers.delete(verifier.id)
      await tx.audit.append(eventOf('verifier.revoke', `verifier ${name}`, now))
      return verifier
    }),
  )
}

function refuse(sentence: string): StartupError {
  return new StartupError('verifier_refused', `${sentence} Nothing was changed.`)
}
