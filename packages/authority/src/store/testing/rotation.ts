// Conformance: tokens that replaced others, and what a revocation takes with it then.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Store, Transaction } from '../../domain/store.ts'
import { signedId, type NewToken } from '../../domain/token.ts'
import { createToken, insertOrganisation, uniqueBytes } from './seed.ts'
import { byEnd } from './tokens.ts'

export function describeRotation(getStore: () => Store): void {
  /** As the operation does. Returns the successor. */
  async function rotate(tx: Transaction, old: NewToken, minter = old.mintedBy, endsAt = 4000): Promise<NewToken> {
    const successor = createToken(old.organisationId, { mintedBy: minter, predecessorId: old.id })
    await tx.tokens.insert(successor)
    await tx.tokens.handOn(old.id, successor.id, endsAt)
    return successor
  }

  async function mintWith(tx: Transaction, minter: NewToken): Promise<NewToken> {
    const minted = createToken(minter.organisationId, { mintedBy: minter.id })
    await tx.tokens.insert(minted)
    return minted
  }

  async function plant(tx: Transaction): Promise<NewToken> {
    const token = createToken((await insertOrganisation(tx)).id)
    await tx.tokens.insert(token)
    return token
  }

  async function revokeWhole(tx: Transaction, { id }: NewToken): Promise<void> {
    await tx.tokens.revoke(id, 50, 'a@example.com')
    await tx.tokens.revokeDescendants(id, 50, 'a@example.com')
  }

  const deadOf = async (tokens: readonly NewToken[]): Promise<readonly boolean[]> => {
    const found = await getStore().read((tx) => Promise.all(tokens.map(({ id }) => tx.tokens.byId(id))))
    return found.map((token) => token?.revokedAt != null)
  }

  describe('a token that was rotated', () => {
    test('names its successor and ends earlier, wherever it is looked up', async () => {
      const { old, successor, kid } = await getStore().write(async (tx) => {
        const replaced = await plant(tx)
        const key = {
          kid: uniqueBytes(),
          organisationId: replaced.organisationId,
          wrapped: uniqueBytes(),
          createdAt: 1,
        }
        await tx.signingKeys.insert(key)
        return {
          old: replaced,
          kid: key.kid,
          successor: createToken(replaced.organisationId, { predecessorId: replaced.id }),
        }
      })
      const look = () => getStore().read((tx) => tx.tokens.signedWith(signedId(old.id, kid)))
      expect(await look()).toMatchObject({ expiresAt: 5000, successorId: null })
      await getStore().write(async (tx) => {
        await tx.tokens.insert(successor)
        await tx.tokens.handOn(old.id, successor.id, 4000)
      })
      expect(await look()).toMatchObject({ expiresAt: 4000, successorId: successor.id })
      await getStore().read(async (tx) => {
        expect(await tx.tokens.byIdWithNames(successor.id)).toMatchObject({ predecessorId: old.id, successorId: null })
        const list = (now: number) =>
          tx.tokens.ofOrganisation(old.organisationId, { ...byEnd, state: 'live', now, limit: 9 })
        const ids = async (now: number) => (await list(now)).items.map(({ id }) => id)
        expect(await ids(3999)).toEqual([successor.id, old.id])
        expect(await ids(4000)).toEqual([successor.id])
      })
    })

    test('leaves what it minted to its successor: it dies with that one, and not with the old one', async () => {
      const { old, minted, below, successor } = await getStore().write(async (tx) => {
        const replaced = await plant(tx)
        const child = await mintWith(tx, replaced)
        const grandchild = await mintWith(tx, child)
        return { old: replaced, minted: child, below: grandchild, successor: await rotate(tx, replaced) }
      })
      await getStore().write((tx) => revokeWhole(tx, old))
      expect(await deadOf([old, minted, below, successor])).toEqual([true, false, false, false])
      await getStore().write((tx) => revokeWhole(tx, successor))
      expect(await deadOf([old, minted, below, successor])).toEqual([true, true, true, true])
    })

    test('dies with its successor, and both with their minter, in the middle of their grace', async () => {
      for (const victim of ['successor', 'minter', 'second'] as const) {
        const line = await getStore().write(async (tx) => {
          const minter = await plant(tx)
          const old = await mintWith(tx, minter)
          const minted = await mintWith(tx, old)
          const successor = await rotate(tx, old)
          return { minter, old, minted, successor, second: await rotate(tx, successor) }
        })
        const { minter, old, minted, successor, second } = line
        await getStore().write((tx) => revokeWhole(tx, line[victim]))
        // A successor that was replaced has handed on all that it had.
        const isLast = victim !== 'successor'
        expect(await deadOf([old, minted, second]), victim).toEqual([isLast, isLast, isLast])
        expect(await deadOf([minter, successor]), victim).toEqual([victim === 'minter', true])
      }
    })

    test('is dead at once with very many that it minted, and they are marked in steps', async () => {
      const { old, successor, next } = await getStore().write(async (tx) => {
        const replaced = await plant(tx)
        const first = await rotate(tx, replaced)
        return { old: replaced, successor: first, next: await rotate(tx, first) }
      })
      const minted: NewToken[] = []
      for (let made = 0; made < 4; made++) {
        await getStore().write(async (tx) => {
          for (let each = 0; each < 80; each++) minted.push(await mintWith(tx, made % 2 === 0 ? old : next))
        })
      }
      await getStore().write(async (tx) => {
        const { revoked, more } = await tx.tokens.revokeDescendants(next.id, 50, 'a@example.com')
        expect([revoked <= 102, more]).toEqual([true, true])
      })
      expect((await deadOf([old, successor, ...minted])).every(Boolean)).toBe(true)
      for (let more = true; more;) more = (await getStore().write((tx) => tx.tokens.continueRevocations())).more
      const page = { ...byEnd, state: 'live', now: 0, limit: 9 } as const
      const left = await getStore().read((tx) => tx.tokens.ofOrganisation(old.organisationId, page))
      expect(left.items.map(({ id }) => id)).toEqual([next.id])
    })

    test('any history of minting, rotating and revoking ends as a tree in memory says', async () => {
      const step = fc.record({
        kind: fc.constantFrom('mint', 'mint', 'rotate', 'alone', 'whole'),
        at: fc.nat(30),
        by: fc.nat(30),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
          const nodes = [{ token: await getStore().write(plant), parent: -1, successor: -1, isDead: false }]
          const isAbove = (above: number, at: number): boolean =>
            at >= 0 && (at === above || isAbove(above, nodes[at]?.parent ?? -1))
          await getStore().write(async (tx) => {
            for (const { kind, at: given, by } of steps) {
              const at = given % nodes.length
              const node = nodes[at]
              if (node === undefined) continue
              if (kind === 'mint') {
                // As operations do: neither a dead one nor a replaced one mints.
                if (node.isDead || node.successor >= 0) continue
                nodes.push({ token: await mintWith(tx, node.token), parent: at, successor: -1, isDead: false })
              } else if (kind === 'rotate') {
                if (node.isDead || node.successor >= 0) continue
                const other = by % nodes.length
                const hasMinter = node.token.mintedBy !== null
                const isDead = nodes[other]?.isDead ?? true
                const mayMint = !hasMinter && !isAbove(at, other) && !isDead
                expect(await tx.tokens.descendsFrom(nodes[other]?.token.id ?? '', node.token.id)).toBe(
                  other !== at && isAbove(at, other),
                )
                const minter = mayMint ? (nodes[other]?.token.id ?? null) : node.token.mintedBy
                const successor = await rotate(tx, node.token, minter)
                nodes.push({ token: successor, parent: mayMint ? other : node.parent, successor: -1, isDead: false })
                node.successor = nodes.length - 1
                node.parent = node.successor
              } else if (kind === 'alone') {
                await tx.tokens.revoke(node.token.id, 50, 'a')
                node.isDead = true
              } else {
                await revokeWhole(tx, node.token)
                node.isDead = true
                if (node.successor < 0)
                  for (const [other, each] of nodes.entries()) if (isAbove(at, other)) each.isDead = true
              }
            }
          })
          expect(await deadOf(nodes.map(({ token }) => token))).toEqual(nodes.map(({ isDead }) => isDead))
        }),
        { numRuns: 60 },
      )
    })

    test('has one successor, and nothing outlives a revocation, whatever happens at the same moment', async () => {
      /** As operations do: what they decide by is read in their transaction. */
      const attempt = async (work: (tx: Transaction) => Promise<NewToken | undefined>) =>
        getStore()
          .write(work)
          .catch((error: unknown) => {
            // PostgreSQL gives up a write that kept colliding: nothing of it has happened.
            expect(error).toMatchObject({ name: 'DomainError', code: 'conflict' })
            return undefined
          })
      const isRotatable = async (tx: Transaction, { id }: NewToken) => {
        const found = await tx.tokens.byId(id)
        return found?.revokedAt === null && found.successorId === null
      }
      for (let round = 0; round < 20; round++) {
        const { minter, old } = await getStore().write(async (tx) => {
          const above = await plant(tx)
          return { minter: above, old: await mintWith(tx, above) }
        })
        const rotations = [1, 2, 3].map(() =>
          attempt(async (tx) => ((await isRotatable(tx, old)) ? rotate(tx, old) : undefined)),
        )
        const mints = [1, 2].map(() =>
          attempt(async (tx) => ((await isRotatable(tx, old)) ? mintWith(tx, old) : undefined)),
        )
        const revocation = getStore().write((tx) => revokeWhole(tx, round % 2 === 0 ? minter : old))
        const made = (await Promise.all([...rotations, ...mints])).filter((each) => each !== undefined)
        await revocation
        const successors = made.filter(({ predecessorId }) => predecessorId !== null)
        expect(successors.length).toBeLessThanOrEqual(1)
        if (round % 2 === 0) expect((await deadOf([old, ...made])).every(Boolean), `round ${round}`).toBe(true)
        else {
          // Either it was replaced before, and handed on what it had, or all of it died.
          await getStore().write(async (tx) => {
            for (const successor of successors) await revokeWhole(tx, successor)
          })
          expect((await deadOf([old, ...made])).every(Boolean), `round ${round}`).toBe(true)
        }
      }
    })

    test('keeps the row of its successor as long as it has one itself', async () => {
      const { old, successor, minted } = await getStore().write(async (tx) => {
        const token = createToken((await insertOrganisation(tx)).id, { expiresAt: 4_000_000 })
        await tx.tokens.insert(token)
        const child = createToken(token.organisationId, { mintedBy: token.id, expiresAt: 9_000_000 })
        await tx.tokens.insert(child)
        const next = createToken(token.organisationId, { predecessorId: token.id, expiresAt: 20 })
        await tx.tokens.insert(next)
        await tx.tokens.handOn(token.id, next.id, 20)
        return { old: token, successor: next, minted: child }
      })
      const rows = () =>
        getStore().read((tx) =>
          Promise.all([old, successor, minted].map(async ({ id }) => (await tx.tokens.byId(id)) !== undefined)),
        )
      const sweep = async (before: number) => {
        for (let from: number | undefined = 0; from !== undefined;) {
          const after: number = from
          from = await getStore().write((tx) => tx.tokens.removeEnded(before, after))
        }
      }
      await sweep(30)
      expect(await rows()).toEqual([true, true, true])
      await getStore().write((tx) => tx.tokens.revokeDescendants(successor.id, 50, 'a@example.com'))
      expect(await deadOf([old, minted])).toEqual([true, true])
      for (let again = 0; again < 3; again++) await sweep(9_000_001)
      expect(await rows()).toEqual([false, false, false])
    })
  })
}
