// verifier.show: which verifier asks.
import type { Secret } from '../../domain/secret.ts'
import type { Verifier } from '../../domain/verifier.ts'
import type { OpenRead } from '../perform/operation.ts'
import { identifyVerifier } from '../perform/verifier.ts'

export const knowVerifier: OpenRead<Secret, Verifier> = {
  name: 'verifier.show',
  audience: 'anyone',
  mode: 'read',

  async run({ tx }, { input }) {
    const { verifier } = await identifyVerifier(tx, input)
    return verifier
  },
}
