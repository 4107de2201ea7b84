// Conformance: revoking what a token minted, and what that minted.
import { describe, expect, test } from 'vitest'

import type { Store, Transaction } from '../../domain/store.ts'
import type { NewToken } from '../../domain/token.ts'
import { createToken, insertOrganisation } from './seed.ts'
import { byEnd } from './tokens.ts'

export function describeDescent(getStore: () => Store): void {
  /** `count` tokens, each minted by the last one of the line, or all by the same one. */
  async function grow(tx: Transaction, root: NewToken, shape: 'deep' | 'broad', count: number): Promise<NewToken[]> {
    const grown: NewToken[] = []
    for (let number = 0; number < count; number++) {
      const mintedBy = shape === 'deep' ? (grown.at(-1) ?? root).id : root.id
      const token = createToken(root.organisationId, { mintedBy })
      await tx.tokens.insert(token)
      grown.push(token)
    }
    return grown
  }

  async function plant(tx: Transaction, changes: Partial<NewToken> = {}): Promise<NewToken> {
    const token = createToken((await insertOrganisation(tx)).id, changes)
    await tx.tokens.insert(token)
    return token
  }

  // A transaction has only a few seconds, even on a busy machine, so a test with many tokens makes a hundred in each.

  /** As {@link grow}, in several transactions. */
  async function growMany(root: NewToken, shape: 'deep' | 'broad', count: number): Promise<NewToken[]> {
    const grown: NewToken[] = []
    while (grown.length < count) {
      const from = shape === 'deep' ? (grown.at(-1) ?? root) : root
      grown.push(...(await getStore().write((tx) => grow(tx, from, shape, Math.min(100, count - grown.length)))))
    }
    return grown
  }

  async function livingOf(tokens: readonly NewToken[]): Promise<number> {
    let living = 0
    for (let from = 0; from < tokens.length; from += 100) {
      const ids = tokens.slice(from, from + 100).map(({ id }) => id)
      const found = await getStore().read((tx) => Promise.all(ids.map((id) => tx.tokens.byId(id))))
      living += found.filter((token) => token?.revokedAt === null).length
    }
    return living
  }

  /** The ids of those in the list that nobody has revoked. */
  async function listLiving(organisationId: number, state: 'all' | 'live'): Promise<readonly string[]> {
    const living: string[] = []
    let after: string | undefined
    do {
      const query = { ...byEnd, state, now: 0, limit: 100, ...(after === undefined ? {} : { after }) }
      const { items, next } = await getStore().read((tx) => tx.tokens.ofOrganisation(organisationId, query))
      living.push(...items.filter(({ revokedAt }) => revokedAt === null).map(({ id }) => id))
      after = next
    } while (after !== undefined)
    return living
  }

  /** Takes the steps that are left, and says how many tokens they revoked. */
  async function finish(): Promise<number> {
    let total = 0
    for (;;) {
      const { revoked, more } = await getStore().write((tx) => tx.tokens.continueRevocations())
      total += revoked
      if (!more) return total
    }
  }

  test('a line has all that minted or replaced a token, the nearest first, as far as it is asked for', async () => {
    const policy = '9b2d3f7e-0c1a-4d5e-8f60-718293a4b5c6'
    const { line, lone, next } = await getStore().write(async (tx) => {
      const root = await plant(tx, { mintedBy: policy })
      const grown = [root, ...(await grow(tx, root, 'deep', 3))]
      const successor = createToken(root.organisationId, { mintedBy: policy, predecessorId: root.id })
      await tx.tokens.insert(successor)
      await tx.tokens.handOn(root.id, successor.id, 1)
      return { line: grown.map(({ id }) => id), lone: await plant(tx), next: successor.id }
    })
    const above = [...line.slice(0, -1).toReversed(), next, policy]
    await getStore().read(async (tx) => {
      expect(await tx.tokens.lineOf(line.at(-1) ?? '', 5)).toEqual(above)
      expect(await tx.tokens.lineOf(line.at(-1) ?? '', 4)).toBeUndefined()
      expect(await tx.tokens.lineOf(next, 1)).toEqual([policy])
      expect(await tx.tokens.lineOf(lone.id, 1)).toEqual([])
      expect(await tx.tokens.lineOf('nobody', 1)).toEqual([])
    })
  })

  describe('what a token minted', () => {
    test('is revoked with it, and nothing else is', async () => {
      const { minter, children, spared } = await getStore().write(async (tx) => {
        const planted = await plant(tx)
        const deep = await grow(tx, planted, 'deep', 5)
        const sibling = createToken(planted.organisationId)
        await tx.tokens.insert(sibling)
        return { minter: planted, children: deep, spared: [sibling, ...(await grow(tx, sibling, 'broad', 2)), planted] }
      })
      const done = await getStore().write((tx) => tx.tokens.revokeDescendants(minter.id, 50, 'a@example.com, with it'))
      expect(done).toEqual({ revoked: 5, more: false })
      expect(await livingOf(children)).toBe(0)
      expect(await livingOf(spared)).toBe(4)
      const [first] = children
      expect(await getStore().read((tx) => tx.tokens.byId(first?.id ?? ''))).toMatchObject({
        revokedAt: 50,
        revokedBy: 'a@example.com, with it',
      })
      const again = await getStore().write((tx) => tx.tokens.revokeDescendants(minter.id, 60, 'b@example.com'))
      expect(again).toEqual({ revoked: 0, more: false })
    })

    test('is dead at once, however deep and broad it is, and marked in steps', async () => {
      const root = await getStore().write((tx) => plant(tx))
      const broad = await growMany(root, 'broad', 600)
      const deep = await growMany(broad[300] ?? root, 'deep', 600)
      const leaves = await growMany(deep.at(-1) ?? root, 'broad', 300)
      const tokens = [...broad, ...deep, ...leaves]
      const { revoked, dead, more } = await getStore().write(async (tx) => {
        const first = await tx.tokens.revokeDescendants(root.id, 50, 'a@example.com')
        const leaf = await tx.tokens.byId(leaves.at(-1)?.id ?? '')
        return { ...first, dead: leaf?.revokedAt }
      })
      // Even within the transaction, which has read no more rows than its limit.
      expect([dead, more]).toEqual([50, true])
      expect(revoked).toBeLessThanOrEqual(100)
      expect(await livingOf(tokens)).toBe(0)
      await getStore().read(async (tx) => {
        expect(await tx.tokens.revocationsAreUnfinished()).toBe(true)
        expect(await tx.tokens.byIdWithNames(leaves[0]?.id ?? '')).toMatchObject({ revokedAt: 50 })
      })
      expect(await listLiving(root.organisationId, 'all')).toEqual([root.id])
      expect(revoked + (await finish())).toBe(1500)
      expect(await getStore().read((tx) => tx.tokens.revocationsAreUnfinished())).toBe(false)
      expect(await listLiving(root.organisationId, 'live')).toEqual([root.id])
    })

    test('is found behind tokens that were revoked alone, or have ended', async () => {
      const { root, below } = await getStore().write(async (tx) => {
        const planted = await plant(tx)
        const [spent] = await grow(tx, planted, 'broad', 1)
        const ended = createToken(planted.organisationId, { mintedBy: spent?.id ?? null, expiresAt: 1 })
        await tx.tokens.insert(ended)
        await tx.tokens.revoke(spent?.id ?? '', 10, 'early')
        return { root: planted, below: await grow(tx, ended, 'deep', 2) }
      })
      expect(await livingOf(below)).toBe(2)
      const done = await getStore().write((tx) => tx.tokens.revokeDescendants(root.id, 50, 'late'))
      expect(done).toEqual({ revoked: 3, more: false })
      expect(await livingOf(below)).toBe(0)
    })

    test('never outlives a revocation that it raced with', async () => {
      /** As operations mint: a dead token mints nothing. */
      const mintWith = (minter: NewToken) => {
        const minted = createToken(minter.organisationId, { mintedBy: minter.id })
        return {
          minted,
          done: getStore()
            .write(async (tx) => {
              if ((await tx.tokens.byId(minter.id))?.revokedAt === null) await tx.tokens.insert(minted)
            })
            .catch(expectCollision),
        }
      }
      for (let round = 0; round < 40; round++) {
        const { root, line } = await getStore().write(async (tx) => {
          const planted = await plant(tx)
          return { root: planted, line: await grow(tx, planted, 'deep', 3) }
        })
        const mints = [root, ...line].map(mintWith)
        const revoked = getStore().write(async (tx) => {
          await tx.tokens.revoke(root.id, 50, 'a@example.com')
          await tx.tokens.revokeDescendants(root.id, 50, 'a@example.com')
        })
        mints.push(...[root, ...line].map(mintWith))
        await Promise.all([revoked, ...mints.map(({ done }) => done)])
        expect(await livingOf([root, ...line, ...mints.map(({ minted }) => minted)]), `round ${round}`).toBe(0)
      }
    })

    test('never outlives a revocation whose rows are still being marked', async () => {
      const { root, leaves } = await getStore().write(async (tx) => {
        const planted = await plant(tx)
        const broad = await grow(tx, planted, 'broad', 400)
        const last = await Promise.all(broad.slice(0, 60).map((token) => grow(tx, token, 'broad', 1)))
        return { root: planted, leaves: last.flat() }
      })
      const minted: NewToken[] = []
      const mint = async (minter: NewToken) => {
        const token = createToken(minter.organisationId, { mintedBy: minter.id })
        await getStore()
          .write(async (tx) => {
            if ((await tx.tokens.byId(minter.id))?.revokedAt === null) await tx.tokens.insert(token)
          })
          .catch(expectCollision)
        minted.push(token)
      }
      const revoke = async () => {
        await getStore().write((tx) => tx.tokens.revokeDescendants(root.id, 50, 'a@example.com'))
        await finish()
      }
      await Promise.all([...leaves.slice(0, 20).map(mint), revoke(), ...leaves.slice(20).map(mint)])
      expect(await livingOf([...leaves, ...minted])).toBe(0)
    })
  })
}

/** PostgreSQL gives up a write that kept colliding: nothing of it has happened. */
function expectCollision(error: unknown): void {
  expect(error).toMatchObject({ name: 'DomainError', code: 'conflict' })
}
