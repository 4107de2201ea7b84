// The setup code for the first account, the same for all servers of an installation.
import type { Secret } from '../../domain/secret.ts'
import type { Transaction } from '../../domain/store.ts'
import { createCode, hashCode, setupCodeLifetime } from '../../domain/user.ts'
import type { Services, WriteContext } from '../perform/operation.ts'

/**
 * The code that is valid from the commit on; undefined if there is an account. Servers that start at once, or one after
 * another, all show the same code, so none invalidates a code that another has printed.
 */
export async function renewSetupCode({ tx, environment, now }: WriteContext): Promise<Secret | undefined> {
  if (await tx.users.exist()) return undefined
  const known = await findCode(tx, environment, now)
  const code = known ?? createCode(environment.randomBytes)
  if (known === undefined) {
    const sealed = environment.keyring.sealSetupCode(code)
    await tx.settings.set(sealedCodeSetting, Buffer.from(sealed).toString('base64'))
  }
  await tx.setupCode.replace({ codeHash: hashCode(code.reveal()), createdAt: now, expiresAt: now + setupCodeLifetime })
  return code
}

async function findCode(tx: Transaction, { keyring }: Services, now: number): Promise<Secret | undefined> {
  const current = await tx.setupCode.get()
  const sealed = await tx.settings.get(sealedCodeSetting)
  if (current === undefined || sealed === undefined || current.expiresAt <= now) return undefined
  const code = keyring.openSetupCode(Buffer.from(sealed, 'base64'))
  if (code === undefined || Buffer.compare(hashCode(code.reveal()), current.codeHash) !== 0) return undefined
  return code
}

const sealedCodeSetting = 'setup_code'
