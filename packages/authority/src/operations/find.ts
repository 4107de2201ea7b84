// Finds what an operation is about, by the names that people use; not_found where there is none.
import type { App } from '../domain/app.ts'
import { DomainError } from '../domain/errors.ts'
import { personalAlias, slugPattern, type Organisation } from '../domain/organisation.ts'
import type { ReadTransaction } from '../domain/store.ts'
import type { Scene } from './operation.ts'
import { findUser } from './principal.ts'

/**
 * The organisation with this slug; `personal` is the caller's own.
 * @throws DomainError `not_found`
 */
export async function findOrganisation(scene: Scene<ReadTransaction>, slug: string): Promise<Organisation> {
  const found = slug === personalAlias ? await findPersonal(scene) : await scene.tx.organisations.bySlug(slug)
  if (found === undefined) throw new DomainError('not_found', `there is no organization${echo(slug)}`)
  return found
}

/**
 * The app with this name, and its organisation.
 * @throws DomainError `not_found`
 */
export async function findApp(
  scene: Scene<ReadTransaction>,
  name: string,
): Promise<{ readonly app: App; readonly organisation: Organisation }> {
  const found = await scene.tx.apps.byName(name)
  if (found === undefined) throw new DomainError('not_found', `there is no app${echo(name)}`)
  return found
}

async function findPersonal(scene: Scene<ReadTransaction>): Promise<Organisation | undefined> {
  const user = findUser(scene.principal)
  if (user !== undefined) return scene.tx.organisations.personalOf(user.id)
  for (const credential of scene.principal.credentials) {
    if (credential.kind !== 'token') continue
    const organisation = await scene.tx.organisations.byId(credential.record.organisationId)
    if (organisation?.personalOf != null) return organisation
  }
  return undefined
}

const codePattern = /^[a-z0-9]{8}(?:-[a-z0-9]{8}){3}$/

/** Repeats only what can be a name and cannot be a code: people paste secrets where names belong. */
function echo(name: string): string {
  return slugPattern.test(name) && !codePattern.test(name) ? ` ${name}` : ' of this name'
}
