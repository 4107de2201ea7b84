// An authority without its doors, in this process: everything that the server does for a request except HTTP. The one way
// into the authority's inside for tests and the benchmark that need it.
import { permissionLocation } from '@hallpass/macaroon'

import type { Organisation } from '../packages/authority/src/domain/organisation.ts'
import { createKeyring, proveRootKey } from '../packages/authority/src/keyring/keyring.ts'
import { createRootKey, findRootKey } from '../packages/authority/src/keyring/root-key.ts'
import { createAuthenticate, type Authenticate } from '../packages/authority/src/operations/perform/authenticate.ts'
import { createApp } from '../packages/authority/src/operations/apps/create-app.ts'
import { createOrganisation } from '../packages/authority/src/operations/organisations/create-organisation.ts'
import { mintToken, type MintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import type { Environment, Operation } from '../packages/authority/src/operations/perform/operation.ts'
import { perform } from '../packages/authority/src/operations/perform/perform.ts'
import { defaultQuotas } from '../packages/authority/src/operations/perform/quotas.ts'
import { createEnvironment } from '../packages/authority/src/operations/perform/testing/environment.ts'
import { openSession } from '../packages/authority/src/operations/accounts/sign-in.ts'
import { createAccount } from '../packages/authority/src/operations/accounts/sign-up.ts'
import type { User } from '../packages/authority/src/domain/user.ts'
import { openStore } from '../packages/authority/src/store/open.ts'

export { showApp } from '../packages/authority/src/operations/apps/show-app.ts'
export { WeightedCache } from '../packages/guard/src/memory/weighted-cache.ts'
export { listOrganisationTokens, usualListing } from '../packages/authority/src/operations/tokens/list-tokens.ts'
export { revokeToken } from '../packages/authority/src/operations/tokens/revoke-token.ts'
export { startProxy } from '../packages/authority/src/store/testing/postgres-proxy.ts'
export { startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
export { reasonWithoutDockerd, startDockerd, type Dockerd } from '../packages/engine/src/testing/dockerd.ts'
export { createApp, mintToken }

export interface OpenAuthority {
  readonly environment: Environment
  readonly authenticate: Authenticate
  readonly user: User
  /** An organisation of the user. */
  readonly organisation: Organisation
  /** The Authorization header of the user. */
  readonly userHeader: string
  /** Authenticates the header and performs, as a door does between parsing and encoding. */
  readonly ask: <Input, Subject, Output>(
    header: string,
    operation: Operation<Input, Subject, Output>,
    input: Input,
  ) => Promise<Output>
  close(): Promise<void>
}

/** Names and tokens for requests to a server. */
export interface Furniture {
  readonly userHeader: string
  readonly organisationSlug: string
  readonly appNames: readonly string[]
  /** Authorization headers with one org token each. */
  readonly tokenHeaders: readonly string[]
}

/** The default location of permission tokens in `serve`. */
export const location = permissionLocation

/**
 * Opens the authority of a data directory, or of PostgreSQL if a URL is given. Makes a user and an organisation if they
 * are missing.
 */
export async function openAuthority(directory: string, url?: string): Promise<OpenAuthority> {
  const store = await openStore(url === undefined ? { directory } : { url })
  const place = { environment: undefined, dataDirectory: directory }
  const { key: rootKey } = (await findRootKey(place)) ?? (await createRootKey(directory))
  const keyring = createKeyring(rootKey, location)
  // A piece may need more apps than an organisation has by default.
  const environment = createEnvironment(store, keyring, { ...defaultQuotas, apps: Infinity })
  const authenticate = createAuthenticate({ store, keyring, location, now: Date.now, clock: () => performance.now() })
  const ask: OpenAuthority['ask'] = async (header, operation, input) =>
    perform(environment, caller, operation, await authenticate(header), input)

  const { user, userHeader } = await store.write(async (tx) => {
    // Without it no server starts on this database.
    if ((await tx.settings.get('root_key_proof')) === undefined) {
      await tx.settings.set('root_key_proof', proveRootKey(rootKey))
    }
    const scene = { tx, environment, now: Date.now() }
    const found = (await tx.users.byEmail(email)) ?? (await createAccount(scene, email, noPasswordHash, 'operator'))
    const { authToken } = await openSession(scene, found, { kind: 'cli', label: 'bench' })
    return { user: found, userHeader: `Bearer ${authToken.reveal()}` }
  })
  const organisation =
    (await store.read((tx) => tx.organisations.bySlug(slug))) ??
    (await ask(userHeader, createOrganisation, { name: 'Acme', slug })).organisation
  return { environment, authenticate, user, organisation, userHeader, ask, close: () => store.close() }
}

/** Puts apps and org tokens into the authority of a data directory, and closes it, so that a server can open it. */
export async function furnish(
  directory: string,
  { apps, tokens }: { readonly apps: number; readonly tokens: number },
): Promise<Furniture> {
  const authority = await openAuthority(directory)
  const { ask, userHeader, organisation } = authority
  const appNames = Array.from({ length: apps }, (_, number) => `web-${number}`)
  await inParts(apps, (number) => ask(userHeader, createApp, { ...appDraft, name: appNames[number] ?? '' }))
  const minted = await inParts(tokens, () => ask(userHeader, mintToken, orgToken))
  await authority.close()
  return {
    userHeader,
    organisationSlug: organisation.slug,
    appNames,
    tokenHeaders: minted.map(({ token }) => token.reveal()),
  }
}

/** Does it so many times, a thousand at once: the store refuses more writes than ten thousand that wait. */
async function inParts<Made>(count: number, make: (number: number) => Promise<Made>): Promise<readonly Made[]> {
  const made: Made[] = []
  while (made.length < count) {
    const part = Array.from({ length: Math.min(1000, count - made.length) }, (_, at) => make(made.length + at))
    made.push(...(await Promise.all(part)))
  }
  return made
}

const slug = 'acme'
const email = 'ada@example.com'
export const caller = {
  requestId: 'bench',
  remoteAddress: '127.0.0.1',
  sourceAddress: '127.0.0.1',
  spend: () => undefined,
}
// Nobody logs in here, and a real hash would cost every run a second.
const noPasswordHash = 'none'

/** The same org token as `hallpass tokens create org` makes. */
export const orgToken: MintToken & { readonly lifetime: number } = {
  slug,
  profile: 'deploy_organization',
  appName: undefined,
  cluster: undefined,
  name: undefined,
  lifetime: 175_200 * 3600,
  caveats: [],
}

/** An app of the organisation without a name. */
export const appDraft = { slug, network: 'default', idempotencyKey: undefined } as const
