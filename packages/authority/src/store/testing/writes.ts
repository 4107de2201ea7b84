// Every method that writes, and which cached rows it changes.
import { randomUUID } from 'node:crypto'

import type { Digest } from '../../domain/notice.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { signedId } from '../../domain/token.ts'
import {
  createEvent,
  createToken,
  insertApp,
  insertCliLogin,
  insertDischargeRequest,
  insertMachine,
  insertVolume,
  insertMember,
  insertOrganisation,
  insertSession,
  insertTask,
  insertTrustPolicy,
  insertUser,
  strictPolicy,
  unique,
  uniqueBytes,
  uniqueHash,
  uniqueDigest,
} from './seed.ts'
import { insertChallenge, insertPasskey } from './seed-passkeys.ts'

/** One row of everything that is cached, and the keys to look it up by. */
export type World = Awaited<ReturnType<typeof createWorld>>

export async function createWorld(tx: Transaction) {
  const { user, organisation } = await insertMember(tx)
  const [tokenHash, kid] = [uniqueHash(), uniqueBytes()] as const
  const session = await insertSession(tx, user.id, { tokenHash })
  const app = await insertApp(tx, organisation.id)
  await tx.signingKeys.insert({ kid, organisationId: organisation.id, wrapped: uniqueBytes(), createdAt: 1 })
  const minter = createToken(organisation.id)
  await tx.tokens.insert(minter)
  const token = createToken(organisation.id, {
    appId: app.id,
    createdBy: user.id,
    mintedBy: minter.id,
    isApproved: false,
  })
  await tx.tokens.insert(token)
  const stranger = await insertUser(tx)
  return { user, stranger, organisation, tokenHash, session, app, kid, minter, token }
}

export async function lookUp(tx: ReadTransaction, { user, organisation, tokenHash, app, kid, token }: World) {
  return {
    session: await tx.sessions.byTokenHash(tokenHash),
    organisation: await tx.organisations.bySlug(organisation.slug),
    membership: await tx.memberships.find(organisation.id, user.id),
    app: await tx.apps.byName(app.name),
    key: await tx.signingKeys.byKid(kid),
    newestKey: await tx.signingKeys.newest(organisation.id),
    token: await tx.tokens.signedWith(signedId(token.id, kid)),
  }
}

export type Found = Awaited<ReturnType<typeof lookUp>>

interface Case {
  readonly write: (tx: Transaction, world: World) => Promise<unknown>
  /** The look-ups with another result afterwards. */
  readonly changes: readonly (keyof Found)[]
}

type ReadsOf<Noun> = Noun extends keyof ReadTransaction ? keyof ReadTransaction[Noun] : never

/** Every method that writes; the type check finds missing ones. */
const cases: {
  readonly [Noun in keyof Transaction]: {
    readonly [Method in Exclude<keyof Transaction[Noun], ReadsOf<Noun>>]: Case
  }
} = {
  settings: { set: { write: (tx) => tx.settings.set('name', unique('value')), changes: [] } },
  users: {
    insert: { write: (tx) => insertUser(tx), changes: [] },
    prove: { write: (tx, { user }) => tx.users.prove(user.id, 7, 'mail'), changes: ['session'] },
    delete: { write: (tx, { user }) => tx.users.delete(user.id, 7), changes: ['session'] },
    setPasswordHash: { write: (tx, { user }) => tx.users.setPasswordHash(user.id, '$argon2id$y'), changes: [] },
  },
  sessions: {
    insert: {
      write: (tx, { user }) => insertSession(tx, user.id),
      changes: [],
    },
    delete: { write: (tx, { session }) => tx.sessions.delete(session.id), changes: ['session'] },
    deleteExpired: { write: (tx, { user }) => tx.sessions.deleteExpired(user.id, 100, 0), changes: ['session'] },
    deleteOthers: { write: (tx, { user }) => tx.sessions.deleteOthers(user.id, 0), changes: ['session'] },
  },
  cliLogins: {
    insert: { write: (tx) => insertCliLogin(tx), changes: [] },
    approve: { write: (tx, { user }) => tx.cliLogins.approve(1, { userId: user.id, codeHash: null }), changes: [] },
    delete: { write: (tx) => tx.cliLogins.delete(1), changes: [] },
    deleteExpired: { write: (tx) => tx.cliLogins.deleteExpired(100), changes: [] },
    deleteApprovedBy: { write: (tx, { user }) => tx.cliLogins.deleteApprovedBy(user.id), changes: [] },
  },
  passkeys: {
    insert: { write: (tx, { user }) => insertPasskey(tx, user.id), changes: [] },
    use: { write: (tx) => tx.passkeys.use(1, 2, 3), changes: [] },
    delete: { write: (tx) => tx.passkeys.delete(1), changes: [] },
    deleteOfUser: { write: (tx, { user }) => tx.passkeys.deleteOfUser(user.id), changes: [] },
  },
  uses: {
    setKnownSince: { write: (tx) => tx.uses.setKnownSince(5), changes: [] },
    record: {
      write: (tx, { token, session }) => {
        const use = { at: 5, address: '192.0.2.1', operation: 'app.list', userAgent: '' }
        const tokens = [{ ...use, id: token.id, usedFrom: [use] as const }]
        return tx.uses.record({ tokens, logins: [{ ...use, kind: 'session', id: session.id }] })
      },
      changes: [],
    },
  },
  passkeyChallenges: {
    insert: { write: (tx) => insertChallenge(tx), changes: [] },
    take: { write: (tx) => tx.passkeyChallenges.take(uniqueBytes()), changes: [] },
    deleteOfUser: { write: (tx, { user }) => tx.passkeyChallenges.deleteOfUser(user.id), changes: [] },
  },
  identities: {
    insert: {
      write: (tx, { user }) =>
        tx.identities.insert({ issuer: 'https://id.example', subject: unique('s'), userId: user.id, createdAt: 1 }),
      changes: [],
    },
    deleteOfUser: { write: (tx, { user }) => tx.identities.deleteOfUser(user.id), changes: [] },
  },
  outbox: {
    insert: { write: (tx) => insertTask(tx), changes: [] },
    claim: { write: (tx) => tx.outbox.claim(5, 6), changes: [] },
    postpone: { write: (tx) => tx.outbox.postpone(1, 6), changes: [] },
    delete: { write: (tx) => tx.outbox.delete(1), changes: [] },
  },
  passwordResets: {
    insert: {
      write: (tx, { user }) =>
        tx.passwordResets.insert({
          userId: user.id,
          codeHash: uniqueBytes(),
          madeBy: 'mail',
          createdAt: 1,
          expiresAt: 2,
        }),
      changes: [],
    },
    deleteOfUser: { write: (tx, { user }) => tx.passwordResets.deleteOfUser(user.id), changes: [] },
  },
  setupCode: {
    replace: {
      write: (tx) => tx.setupCode.replace({ codeHash: uniqueBytes(), createdAt: 1, expiresAt: 2 }),
      changes: [],
    },
    delete: { write: (tx) => tx.setupCode.delete(), changes: [] },
  },
  organisations: {
    insert: { write: (tx) => insertOrganisation(tx), changes: [] },
    rename: {
      write: (tx, { organisation }) => tx.organisations.rename(organisation.id, unique('name')),
      changes: ['organisation', 'app'],
    },
    setMembershipDischarge: {
      write: (tx, { organisation }) => tx.organisations.setMembershipDischarge(organisation.id, 'member'),
      changes: ['organisation', 'app'],
    },
    setTokenPolicy: {
      write: (tx, { organisation }) => tx.organisations.setTokenPolicy(organisation.id, strictPolicy),
      changes: ['organisation', 'app'],
    },
    delete: {
      write: (tx, { organisation }) => tx.organisations.delete(organisation.id),
      changes: ['organisation', 'membership', 'app', 'key', 'newestKey', 'token'],
    },
  },
  memberships: {
    insert: {
      write: (tx, { organisation, stranger }) =>
        tx.memberships.insert({ organisationId: organisation.id, userId: stranger.id, role: 'member', createdAt: 1 }),
      changes: [],
    },
    setRole: {
      write: (tx, { organisation, user }) => tx.memberships.setRole(organisation.id, user.id, 'member'),
      changes: ['membership'],
    },
    delete: {
      write: (tx, { organisation, user }) => tx.memberships.delete(organisation.id, user.id),
      changes: ['membership'],
    },
  },
  invitations: {
    insert: {
      write: (tx, { organisation }) =>
        tx.invitations.insert({
          organisationId: organisation.id,
          email: `${unique('a')}@example.com`,
          role: 'member',
          codeHash: uniqueBytes(),
          mailCodeHash: null,
          createdBy: null,
          createdAt: 1,
          expiresAt: 2,
          acceptedAt: null,
        }),
      changes: [],
    },
    accept: { write: (tx) => tx.invitations.accept(1, 2), changes: [] },
    delete: { write: (tx) => tx.invitations.delete(1), changes: [] },
    closeOf: { write: (tx) => tx.invitations.closeOf(1, 'a@example.com'), changes: [] },
    closeBy: { write: (tx) => tx.invitations.closeBy(1, 2), changes: [] },
  },
  apps: {
    insert: { write: (tx, { organisation }) => insertApp(tx, organisation.id), changes: [] },
    delete: { write: (tx, { app }) => tx.apps.delete(app.id), changes: ['app'] },
  },
  appSecrets: {
    set: {
      write: (tx, { app }) =>
        tx.appSecrets.set(app.id, { name: 'A', digest: '', sealed: uniqueBytes(), createdAt: 1, updatedAt: 1 }),
      changes: [],
    },
    delete: { write: (tx, { app }) => tx.appSecrets.delete(app.id, 'A'), changes: [] },
    countChange: { write: (tx, { app }) => tx.appSecrets.countChange(app.id), changes: [] },
  },
  notices: {
    noteEnd: { write: (tx, { token }) => tx.notices.noteEnd(token.id, 7), changes: [] },
    noteLate: { write: (tx, { token }) => tx.notices.noteLate(token.id, 7), changes: [] },
    add: { write: (tx, { user }) => tx.notices.add(digestOf(user), [], { now: 1, dueAt: 2 }), changes: [] },
    told: { write: (tx, { user }) => tx.notices.told(digestOf(user), 7), changes: [] },
    forget: { write: (tx, { user }) => tx.notices.forget(digestOf(user)), changes: [] },
  },
  machineTokens: {
    set: {
      write: (tx) => tx.machineTokens.set(unique('machine'), { tokenId: createToken(1).id, sealed: uniqueBytes() }),
      changes: [],
    },
    end: {
      async write(tx, { token }) {
        const id = unique('machine')
        await tx.machineTokens.set(id, { tokenId: token.id, sealed: uniqueBytes() })
        await tx.machineTokens.end(id, 7, 'ada')
      },
      changes: ['token'],
    },
  },
  machines: {
    insert: { write: (tx, { app }) => insertMachine(tx, app), changes: [] },
    save: { write: async (tx, { app }) => tx.machines.save(await insertMachine(tx, app), []), changes: [] },
    addVersion: {
      write: (tx) => tx.machines.addVersion(unique('machine'), { version: '1', config: '{}', createdAt: 1 }),
      changes: [],
    },
    destroyOfApp: { write: (tx, { app }) => tx.machines.destroyOfApp(app.id, 1), changes: [] },
    destroyOfOrganisation: {
      write: (tx, { organisation }) => tx.machines.destroyOfOrganisation(organisation.id, 1),
      changes: [],
    },
    deleteDestroyed: { write: (tx) => tx.machines.deleteDestroyed(1), changes: [] },
  },
  volumes: {
    insert: { write: (tx, { app }) => insertVolume(tx, app), changes: [] },
    save: { write: async (tx, { app }) => tx.volumes.save(await insertVolume(tx, app)), changes: [] },
    release: { write: (tx) => tx.volumes.release('machine', 1), changes: [] },
    destroyOfApp: { write: (tx, { app }) => tx.volumes.destroyOfApp(app.id, 1), changes: [] },
    destroyOfOrganisation: {
      write: (tx, { organisation }) => tx.volumes.destroyOfOrganisation(organisation.id, 1),
      changes: [],
    },
    deleteDestroyed: { write: (tx) => tx.volumes.deleteDestroyed(1), changes: [] },
  },
  signingKeys: {
    insert: {
      write: (tx, { organisation }) =>
        tx.signingKeys.insert({
          kid: uniqueBytes(),
          organisationId: organisation.id,
          wrapped: uniqueBytes(),
          createdAt: 2,
        }),
      changes: ['newestKey'],
    },
  },
  tokens: {
    insert: { write: (tx, { organisation }) => tx.tokens.insert(createToken(organisation.id)), changes: [] },
    handOn: {
      write: (tx, { token, minter }) => tx.tokens.handOn(token.id, minter.id, 4000),
      changes: ['token'],
    },
    rename: { write: (tx, { token }) => tx.tokens.rename(token.id, 'another name'), changes: ['token'] },
    approve: { write: (tx, { token }) => tx.tokens.approve(token.id), changes: ['token'] },
    revoke: { write: (tx, { token }) => tx.tokens.revoke(token.id, 5, 'a@example.com'), changes: ['token'] },
    revokeDescendants: {
      write: (tx, { minter }) => tx.tokens.revokeDescendants(minter.id, 5, 'a@example.com'),
      changes: ['token'],
    },
    revokeDerived: {
      write: (tx, { token }) => tx.tokens.revokeDerived({ tokenId: token.id, digest: uniqueDigest() }, 5, 'ada'),
      changes: ['token'],
    },
    noteDerivedMinters: {
      write: (tx, { token, minter }) =>
        tx.tokens.noteDerivedMinters(token.id, [{ tokenId: minter.id, digest: uniqueDigest() }]),
      changes: [],
    },
    continueRevocations: { write: (tx) => tx.tokens.continueRevocations(), changes: [] },
    removeEnded: { write: (tx) => tx.tokens.removeEnded(1, 0), changes: [] },
    revokeOfOrganisation: {
      write: (tx, { organisation }) => tx.tokens.revokeOfOrganisation(organisation.id, 5, 'a@example.com'),
      changes: ['token'],
    },
    revokeOfApp: { write: (tx, { app }) => tx.tokens.revokeOfApp(app.id, 5, 'a@example.com'), changes: ['token'] },
  },
  trustPolicies: {
    insert: { write: (tx, { organisation }) => insertTrustPolicy(tx, organisation.id), changes: [] },
    delete: { write: (tx) => tx.trustPolicies.delete(randomUUID()), changes: [] },
    noteExchange: {
      write: (tx) => tx.trustPolicies.noteExchange({ hash: uniqueBytes(), endsAt: 100 }, 1),
      changes: [],
    },
  },
  tries: {
    count: { write: (tx) => tx.tries.count({ key: uniqueBytes(), most: 1, span: 60_000 }), changes: [] },
    removeEnded: { write: (tx) => tx.tries.removeEnded(), changes: [] },
  },
  dischargeRequests: {
    insert: { write: (tx) => insertDischargeRequest(tx), changes: [] },
    setNames: {
      write: (tx) =>
        tx.dischargeRequests.setNames(1, { personHash: new Uint8Array(32), pollHash: new Uint8Array(32).fill(1) }),
      changes: [],
    },
    setState: { write: (tx) => tx.dischargeRequests.setState(1, 'approved'), changes: [] },
    delete: { write: (tx) => tx.dischargeRequests.delete(1), changes: [] },
    deleteExpired: { write: (tx) => tx.dischargeRequests.deleteExpired(1), changes: [] },
    deleteOfUser: { write: (tx, { user }) => tx.dischargeRequests.deleteOfUser(user.id), changes: [] },
  },
  feed: { removeBefore: { write: (tx) => tx.feed.removeBefore(0), changes: [] } },
  verifiers: {
    insert: {
      write: (tx) => tx.verifiers.insert({ name: unique('edge'), secretHash: uniqueBytes(), createdAt: 1 }),
      changes: [],
    },
    delete: { write: (tx) => tx.verifiers.delete(1), changes: [] },
  },
  leftovers: { remove: { write: (tx) => tx.leftovers.remove(), changes: [] } },
  audit: {
    removeOlder: { write: (tx) => tx.audit.removeOlder(0), changes: [] },
    append: {
      write: (tx, { organisation }) => tx.audit.append(createEvent(organisation.id, 1)),
      changes: [],
    },
  },
}

export const writes = Object.entries(cases).flatMap(([noun, methods]) =>
  Object.entries<Case>(methods).map(([method, { write, changes }]) => ({ name: `${noun}.${method}`, write, changes })),
)

function digestOf({ id }: { readonly id: number }): Digest {
  return { userId: id, kind: 'end', count: 0, items: [] }
}
