// Conformance: tokens that holders derived, what a revocation of one takes with it, and what it leaves.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { formatDerived, type DerivedName } from '../../domain/derived-token.ts'
import type { ReadTransaction, Store, Transaction } from '../../domain/store.ts'
import { signedId, type NewToken } from '../../domain/token.ts'
import { createToken, insertOrganisation, uniqueBytes, uniqueDigest } from './seed.ts'

export function describeDerived(getStore: () => Store): void {
  /** A token, or one that a holder derived from it: then with the digests of all tails between. */
  interface Holder {
    readonly token: NewToken
    readonly digests: readonly Uint8Array[]
  }

  async function plant(tx: Transaction, changes: Partial<NewToken> = {}): Promise<Holder> {
    const token = createToken((await insertOrganisation(tx)).id, changes)
    await tx.tokens.insert(token)
    return { token, digests: [] }
  }

  const derive = ({ token, digests }: Holder): Holder => ({ token, digests: [...digests, uniqueDigest()] })

  const namesOf = ({ token, digests }: Holder): DerivedName[] =>
    digests.map((digest) => ({ tokenId: token.id, digest }))

  function nameOf(holder: Holder): DerivedName {
    const name = namesOf(holder).at(-1)
    if (name === undefined) throw new Error('it is not derived')
    return name
  }

  async function mintWith(tx: Transaction, holder: Holder): Promise<Holder> {
    const token = createToken(holder.token.organisationId, { mintedBy: holder.token.id })
    await tx.tokens.insert(token)
    await tx.tokens.noteDerivedMinters(token.id, namesOf(holder))
    return { token, digests: [] }
  }

  /** As the operation does. */
  async function rotate(tx: Transaction, old: Holder, by?: Holder): Promise<Holder> {
    const { token } = old
    const other = by !== undefined && by.token.id !== token.id ? by.token.id : null
    const successor = createToken(token.organisationId, {
      mintedBy: token.mintedBy ?? other,
      predecessorId: token.id,
    })
    const minters = [...(await tx.tokens.derivedMinters(token.id)), ...(by === undefined ? [] : namesOf(by))]
    await tx.tokens.insert(successor)
    await tx.tokens.noteDerivedMinters(successor.id, minters)
    await tx.tokens.handOn(token.id, successor.id, 4000)
    return { token: successor, digests: [] }
  }

  const kill = (holder: Holder) => getStore().write((tx) => tx.tokens.revokeDerived(nameOf(holder), 50, 'ada'))

  async function isDead(tx: ReadTransaction, { token, digests }: Holder): Promise<boolean> {
    const found = await tx.tokens.byId(token.id)
    return found?.revokedAt !== null || (await tx.tokens.revokedAmong(token.id, digests)) !== undefined
  }

  // A transaction has only a few seconds, even on a busy machine.
  async function deadOf(holders: readonly Holder[]): Promise<readonly boolean[]> {
    const dead: boolean[] = []
    for (let from = 0; from < holders.length; from += 50) {
      const some = holders.slice(from, from + 50)
      dead.push(...(await getStore().read((tx) => Promise.all(some.map((holder) => isDead(tx, holder))))))
    }
    return dead
  }

  describe('a derived token', () => {
    test('is revoked alone, and told by the look-up of every request', async () => {
      const { root, kid } = await getStore().write(async (tx) => {
        const planted = await plant(tx)
        const key = { organisationId: planted.token.organisationId, wrapped: uniqueBytes(), createdAt: 1 }
        const name = uniqueBytes()
        await tx.signingKeys.insert({ ...key, kid: name })
        return { root: planted, kid: name }
      })
      const look = () => getStore().read((tx) => tx.tokens.signedWith(signedId(root.token.id, kid)))
      const [first, second] = [derive(root), derive(root)]
      const below = derive(first)
      expect(await look()).toMatchObject({ revokedDerived: 0 })
      expect(await kill(first)).toEqual({ wasLive: true, revoked: 0, more: false })
      expect(await look()).toMatchObject({ revokedDerived: 1 })
      expect(await deadOf([root, first, below, second])).toEqual([false, true, true, false])
      expect(await kill(first)).toEqual({ wasLive: false, revoked: 0, more: false })
      expect(await look()).toMatchObject({ revokedDerived: 1 })
      await getStore().write((tx) => tx.tokens.revokeDerived(nameOf(second), 60, 'bob'))
      await getStore().read(async (tx) => {
        const found = await tx.tokens.revokedDerived(root.token.id, 9)
        expect(found.map(({ name, ...rest }) => [formatDerived(name), rest])).toEqual([
          [formatDerived(nameOf(second)), { revokedAt: 60, revokedBy: 'bob' }],
          [formatDerived(nameOf(first)), { revokedAt: 50, revokedBy: 'ada' }],
        ])
        expect(await tx.tokens.revokedDerived(root.token.id, 1)).toHaveLength(1)
        expect(await tx.tokens.revokedDerived('no id', 1)).toEqual([])
        const named = async (digests: readonly Uint8Array[]) => {
          const revoked = await tx.tokens.revokedAmong(root.token.id, digests)
          return revoked && formatDerived(revoked.name)
        }
        expect(await named(below.digests)).toBe(formatDerived(nameOf(first)))
        // Wherever it stands among very many.
        const many = Array.from({ length: 250 }, () => uniqueDigest())
        expect(await named(many)).toBeUndefined()
        for (const at of [0, 15, 16, 249]) {
          expect(await named(many.with(at, nameOf(second).digest))).toBe(formatDerived(nameOf(second)))
        }
        expect(await named([])).toBeUndefined()
      })
    })

    test('takes with it what it minted, what was minted by what was derived from it, and what these minted', async () => {
      const { root, derived, below, spared, doomed } = await getStore().write(async (tx) => {
        const planted = await plant(tx)
        const child = derive(planted)
        const grandchild = derive(child)
        const minted = await mintWith(tx, child)
        const mintedBelow = await mintWith(tx, grandchild)
        const further = await mintWith(tx, derive(mintedBelow))
        return {
          root: planted,
          derived: child,
          below: grandchild,
          spared: [planted, await mintWith(tx, planted), await mintWith(tx, derive(planted))],
          doomed: [child, grandchild, minted, mintedBelow, further],
        }
      })
      expect(await kill(derived)).toEqual({ wasLive: true, revoked: 3, more: false })
      expect((await deadOf(doomed)).every(Boolean)).toBe(true)
      expect((await deadOf(spared)).some(Boolean)).toBe(false)
      const [, , minted] = doomed
      const found = await getStore().read((tx) => tx.tokens.byId(minted?.token.id ?? ''))
      expect(found?.revokedBy).toMatch(/^ada, with dt_[\w-]{43}$/)
      expect(await getStore().read((tx) => tx.tokens.derivedMinters(root.token.id))).toEqual([])
      expect(await kill(below)).toMatchObject({ wasLive: true, revoked: 0 })
    })

    test('of one token has nothing to do with another token, whatever its digest is', async () => {
      const { minted, stranger, digest } = await getStore().write(async (tx) => {
        const derived = derive(await plant(tx))
        return { minted: await mintWith(tx, derived), stranger: await plant(tx), digest: nameOf(derived).digest }
      })
      const name = { tokenId: stranger.token.id, digest }
      expect(await getStore().write((tx) => tx.tokens.revokeDerived(name, 50, 'eve'))).toMatchObject({ revoked: 0 })
      expect(await deadOf([minted])).toEqual([false])
    })

    test('takes with it the successor of what it minted, and the successor that it made itself', async () => {
      const { derived, doomed, spared } = await getStore().write(async (tx) => {
        const planted = await plant(tx)
        const child = derive(planted)
        const minted = await mintWith(tx, child)
        const next = await rotate(tx, minted)
        const below = await mintWith(tx, next)
        const other = await mintWith(tx, planted)
        const rotated = await rotate(tx, other, child)
        return {
          derived: child,
          doomed: [minted, next, below, other, rotated, await rotate(tx, rotated)],
          spared: [planted, await mintWith(tx, planted)],
        }
      })
      expect(await kill(derived)).toMatchObject({ wasLive: true, more: false })
      expect((await deadOf(doomed)).every(Boolean)).toBe(true)
      expect((await deadOf(spared)).some(Boolean)).toBe(false)
    })

    test('that replaced the token that it comes from takes the successor with it, and the feed tells of that one', async () => {
      const { derived, old, last } = await getStore().write(async (tx) => {
        const planted = await plant(tx)
        const child = derive(planted)
        const next = await rotate(tx, planted, child)
        return { derived: child, old: planted, last: await rotate(tx, next) }
      })
      const position = await getStore().read((tx) => tx.feed.end())
      expect(await kill(derived)).toMatchObject({ wasLive: true })
      expect(await deadOf([old, last])).toEqual([true, true])
      const told = (await getStore().read((tx) => tx.feed.after(position, 9))) ?? []
      expect(told.map(({ subject }) => subject.id)).toEqual([old.token.id, last.token.id])
    })

    test('is dead at once with very many that it minted, and these are marked in steps', async () => {
      const derived = await getStore().write(async (tx) => derive(await plant(tx)))
      const minted: Holder[] = []
      while (minted.length < 260) {
        await getStore().write(async (tx) => {
          for (let each = 0; each < 26; each++) minted.push(await mintWith(tx, derived))
        })
      }
      const [first] = minted
      if (first === undefined) throw new Error('nothing was minted')
      const below = await getStore().write(async (tx) => [
        await mintWith(tx, first),
        await mintWith(tx, minted.at(-1) ?? first),
        await rotate(tx, minted.at(-2) ?? first),
      ])
      const all = [...minted, ...below]
      await getStore().write(async (tx) => {
        const { revoked, more } = await tx.tokens.revokeDerived(nameOf(derived), 50, 'ada')
        expect([revoked <= 102, more]).toEqual([true, true])
        expect(await isDead(tx, below[1] ?? first)).toBe(true)
      })
      expect((await deadOf(all)).every(Boolean)).toBe(true)
      const found = await getStore().read((tx) => tx.tokens.byId(minted.at(-1)?.token.id ?? ''))
      expect(found?.revokedBy).toMatch(/^ada, with dt_/)
      expect(await getStore().read((tx) => tx.tokens.revocationsAreUnfinished())).toBe(true)
      let steps = 0
      for (let more = true; more; steps++) {
        more = (await getStore().write((tx) => tx.tokens.continueRevocations())).more
        expect((await deadOf(all)).every(Boolean)).toBe(true)
      }
      expect(steps).toBeGreaterThan(1)
      expect(await getStore().read((tx) => tx.tokens.revocationsAreUnfinished())).toBe(false)
      expect((await deadOf(all)).every(Boolean)).toBe(true)
    })

    test('is one of a thousand of its token at most, and no more are revoked then', async () => {
      const root = await getStore().write((tx) => plant(tx))
      for (let done = 0; done < 1000; done += 20) {
        await getStore().write(async (tx) => {
          for (let each = 0; each < 20; each++) await tx.tokens.revokeDerived(nameOf(derive(root)), 50, 'ada')
        })
      }
      const one = derive(root)
      const refused = { code: 'conflict', message: expect.stringContaining('1000 tokens') as string }
      await expect(kill(one)).rejects.toMatchObject(refused)
      expect(await deadOf([one])).toEqual([false])
    })

    test('of no token is not found', async () => {
      const stranger = derive({ token: createToken(1), digests: [] })
      await expect(kill(stranger)).rejects.toMatchObject({ code: 'not_found' })
    })

    test('is remembered as long as its token has a row', async () => {
      const { root, derived, minted } = await getStore().write(async (tx) => {
        const planted = await plant(tx, { expiresAt: 20 })
        const child = derive(planted)
        const token = createToken(planted.token.organisationId, { mintedBy: planted.token.id, expiresAt: 40 })
        await tx.tokens.insert(token)
        await tx.tokens.noteDerivedMinters(token.id, namesOf(child))
        await tx.tokens.revokeDerived(nameOf(child), 10, 'ada')
        return { root: planted, derived: child, minted: token }
      })
      const sweep = async (before: number) => {
        for (let from: number | undefined = 0; from !== undefined;) {
          const after: number = from
          from = await getStore().write((tx) => tx.tokens.removeEnded(before, after))
        }
      }
      const kept = () =>
        getStore().read(async (tx) => [
          (await tx.tokens.revokedDerived(root.token.id, 9)).length,
          (await tx.tokens.derivedMinters(minted.id)).length,
        ])
      await sweep(30)
      expect(await kept()).toEqual([1, 1])
      for (let again = 0; again < 2; again++) await sweep(50)
      expect(await kept()).toEqual([0, 0])
      await expect(kill(derived)).rejects.toMatchObject({ code: 'not_found' })
    })

    test('any history of deriving, minting, rotating and revoking ends as a tree in memory says', async () => {
      const step = fc.record({
        kind: fc.constantFrom('derive', 'derive', 'mint', 'mint', 'rotate', 'kill', 'revoke'),
        at: fc.nat(40),
        by: fc.nat(40),
      })
      /** What it dies with: a derived one and a minted one, what they come from. A rotated one, its successor. */
      interface Node {
        readonly holder: Holder
        readonly derivedFrom: number
        parents: readonly number[]
        successor: number
        isKilled: boolean
      }
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
          const nodes: Node[] = [
            {
              holder: await getStore().write((tx) => plant(tx)),
              derivedFrom: -1,
              parents: [],
              successor: -1,
              isKilled: false,
            },
          ]
          const rootOf = (at: number): number =>
            nodes[at]?.derivedFrom === -1 ? at : rootOf(nodes[at]?.derivedFrom ?? 0)
          const isDeadNode = (at: number, seen: ReadonlySet<number> = new Set()): boolean => {
            const node = nodes[at]
            if (node === undefined || seen.has(at)) return false
            const next = new Set([...seen, at])
            return node.isKilled || node.parents.some((parent) => isDeadNode(parent, next))
          }
          await getStore().write(async (tx) => {
            for (const { kind, at: given, by: other } of steps) {
              const at = given % nodes.length
              const node = nodes[at]
              if (node === undefined || isDeadNode(at)) continue
              const isReplaced = (nodes[rootOf(at)]?.successor ?? -1) >= 0
              const { holder } = node
              if (kind === 'derive') {
                const made = derive(holder)
                nodes.push({ holder: made, derivedFrom: at, parents: [at], successor: -1, isKilled: false })
              } else if (kind === 'mint') {
                if (isReplaced) continue
                const made = await mintWith(tx, holder)
                nodes.push({ holder: made, derivedFrom: -1, parents: [at], successor: -1, isKilled: false })
              } else if (kind === 'rotate') {
                // By a person, by the token itself, or by a token derived from it.
                const root = rootOf(at)
                const old = nodes[root]
                if (old === undefined || isReplaced) continue
                const by = other % 2 === 0 ? undefined : holder
                const made = await rotate(tx, old.holder, by)
                const derivedBy = by === undefined || holder.digests.length === 0 ? [] : [at]
                // The parents of the old one as they were, and not the old one, which is its successor's from now on.
                const parents = [...old.parents, ...derivedBy]
                nodes.push({ holder: made, derivedFrom: -1, parents, successor: -1, isKilled: false })
                old.successor = nodes.length - 1
                old.parents = [old.successor]
              } else if (kind === 'kill') {
                if (holder.digests.length === 0) continue
                await tx.tokens.revokeDerived(nameOf(holder), 50, 'ada')
                node.isKilled = true
              } else {
                if (node.derivedFrom !== -1 || node.successor >= 0) continue
                await tx.tokens.revoke(holder.token.id, 50, 'ada')
                await tx.tokens.revokeDescendants(holder.token.id, 50, 'ada')
                node.isKilled = true
              }
            }
          })
          expect(await deadOf(nodes.map(({ holder }) => holder))).toEqual(nodes.map((_, at) => isDeadNode(at)))
        }),
        { numRuns: 80 },
      )
    })

    test('mints nothing that outlives its revocation, whatever happens at the same moment', async () => {
      for (let round = 0; round < 20; round++) {
        const derived = await getStore().write(async (tx) => derive(derive(await plant(tx))))
        const [upper] = namesOf(derived)
        if (upper === undefined) throw new Error('it is not derived')
        /** As operations do: what they decide by is read in their transaction. */
        const mints = [1, 2, 3].map(() =>
          getStore()
            .write(async (tx) => ((await isDead(tx, derived)) ? undefined : mintWith(tx, derived)))
            .catch((error: unknown) => {
              // PostgreSQL gives up a write that kept colliding: nothing of it has happened.
              expect(error).toMatchObject({ name: 'DomainError', code: 'conflict' })
              return undefined
            }),
        )
        const name = round % 2 === 0 ? upper : nameOf(derived)
        const revocation = getStore().write((tx) => tx.tokens.revokeDerived(name, 50, 'ada'))
        const made = (await Promise.all(mints)).filter((each) => each !== undefined)
        await revocation
        expect((await deadOf([derived, ...made])).every(Boolean), `round ${round}`).toBe(true)
      }
    })
  })
}
