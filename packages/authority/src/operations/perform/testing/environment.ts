// The environment of operations for tests and the benchmark: without mail, machines and a provider.
import { randomBytes } from 'node:crypto'

import type { Keyring } from '../../../domain/keyring.ts'
import type { MachineRunner } from '../../../domain/machine-runner.ts'
import type { Store } from '../../../domain/store.ts'
import { createLongAnswers } from '../../../doors/http/long-answers.ts'
import { createIdentityTokenVerifier } from '../../../identity/identity-tokens.ts'
import { createPasskeyVerifier } from '../../../identity/passkeys.ts'
import { createPasswordHasher } from '../../../keyring/passwords.ts'
import { createPause } from '../allowance.ts'
import { createLimits } from '../limits.ts'
import { createUseLog } from '../note-uses.ts'
import { createOngoingCalls } from '../ongoing.ts'
import type { Environment } from '../operation.ts'
import { createQuotas, defaultQuotas } from '../quotas.ts'

export function createEnvironment(
  store: Store,
  keyring: Keyring,
  quotas = defaultQuotas,
): Environment & { machines: MachineRunner | undefined } {
  return {
    store,
    keyring,
    passwords: createPasswordHasher({ memory: 8, passes: 1 }),
    now: Date.now,
    pause: createPause(),
    longAnswers: createLongAnswers(),
    ongoing: createOngoingCalls(store),
    uses: createUseLog(Date.now(), 'whole'),
    isLate: () => false,
    randomBytes,
    requirePkce: false,
    quotas: createQuotas(quotas),
    publicUrl: () => 'http://127.0.0.1:4280',
    passkeys: createPasskeyVerifier(),
    identityProvider: undefined,
    identityTokens: createIdentityTokenVerifier({ privateIssuers: [], now: Date.now, clock: () => performance.now() }),
    postbox: undefined,
    machines: undefined,
    ...createLimits(() => performance.now(), {
      sharing: store.isRemote ? { store, hide: (name) => keyring.hideName(name) } : undefined,
    }),
    report: (error) => {
      throw error
    },
  }
}
