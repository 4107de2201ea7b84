// Tests of machines' own tokens: who may give one, what it carries, and what ends it.
import { actions, formatAuthorization, getCaveats, parseAuthorization } from '@hallpass/macaroon'
import { decodeCaveats } from '@hallpass/macaroon/internal'
import { parseNetwork } from '@hallpass/macaroon/narrow'
import { describe, expect, test } from 'vitest'

import type { MachineConfig } from '../../../domain/machine-config.ts'
import type { Machine } from '../../../domain/machine.ts'
import { createAuthenticate } from '../../perform/authenticate.ts'
import { perform } from '../../perform/perform.ts'
import type { ReadOperation } from '../../perform/operation.ts'
import { listOrganisations } from '../../organisations/list-organisations.ts'
import { updateOrganisation } from '../../organisations/update-organisation.ts'
import { listAppTokens, usualListing } from '../../tokens/list-tokens.ts'
import { handedSeconds, readNetworks, type TokenPolicy } from '../../../domain/token-policy.ts'
import { updateTokenPolicy } from '../../organisations/token-policy.ts'
import { approveToken } from '../../tokens/approve-token.ts'
import { showToken } from '../../tokens/show-token.ts'
import { ownTokenOf } from '../../tokens/machine-token.ts'
import { nameToken } from '../../tokens/name-token.ts'
import { revokeToken } from '../../tokens/revoke-token.ts'
import { showCurrentTokens } from '../../tokens/show-current-tokens.ts'
import { showPrincipal } from '../../tokens/show-principal.ts'
import { authenticateTokens, authoriseToken } from '../../tokens/verify-tokens.ts'
import { sourceOf } from '../app-of-machine.ts'
import { destroyMachine } from '../change-state.ts'
import { showMachine } from '../show-machine.ts'
import { updateMachine } from '../update-machine.ts'
import type { MachineWorld } from './world.ts'

const readOnly = { caveats: [{ type: 'Action', body: 'r' }] }

export function testOwnTokens(getWorld: () => MachineWorld, setTrouble: (trouble: string | undefined) => void): void {
  const named = ({ id }: Machine) => ({ appName: getWorld().app.name, machineId: id, nonce: undefined })
  const keptOf = ({ id }: Machine) => getWorld().store.read((tx) => tx.machineTokens.of(id))
  async function recordOf(machine: Machine) {
    const { tokenId = '' } = (await keptOf(machine)) ?? {}
    return getWorld().store.read((tx) => tx.tokens.byIdWithNames(tokenId))
  }
  async function handed(machine: Machine, now = Date.now()): Promise<string | undefined> {
    const { store, environment } = getWorld()
    return (await store.read((tx) => ownTokenOf(tx, environment.keyring, machine, now)))?.token?.reveal()
  }
  const update = (machine: Machine, config: Partial<MachineConfig>, header?: string) =>
    getWorld().ask(
      updateMachine,
      {
        ...named(machine),
        config: { image: 'test/busybox:1', ...config },
        currentVersion: undefined,
        leaseTtl: undefined,
        skipLaunch: false,
        skipSecrets: false,
        minSecretsVersion: 0,
      },
      header,
    )

  /** As the socket of that machine asks at that time, or as anybody else where none is given. */
  async function askAt<Input, Subject, Output>(
    operation: ReadOperation<Input, Subject, Output>,
    input: Input,
    header: string,
    from?: Machine,
    now = Date.now(),
  ): Promise<Output> {
    const { environment, store } = getWorld()
    const then = { ...environment, now: () => now }
    const location = 'https://api.fly.io/v1'
    const clock = () => performance.now()
    const authenticate = createAuthenticate({ store, keyring: environment.keyring, location, now: () => now, clock })
    const source = from && (await store.read((tx) => sourceOf(tx, from)))
    const caller = { requestId: 'test', remoteAddress: '', sourceAddress: '', spend() {}, source }
    return perform(then, caller, operation, await authenticate(header), input)
  }
  const show = async (machine: Machine, ...[header, source, now]: readonly [string, Machine?, number?]) =>
    (await askAt(showMachine, named(machine), header, source, now)).machine

  describe('the own token of a machine', () => {
    test('is for this machine, from within it, for an hour, and carries all caveats of who created it', async () => {
      const world = getWorld()
      const minter = await world.mint([{ type: 'Action', mask: actions.read | actions.create | actions.control }])
      const machine = await world.create({ token: {} }, {}, minter)
      const sibling = await world.create()
      expect(await keptOf(sibling)).toBeUndefined()
      const record = await recordOf(machine)
      expect(record).toMatchObject({
        machineId: machine.id,
        name: `Machine ${world.app.name}/${machine.id}`,
        mintedBy: nameToken(minter),
        revokedAt: null,
      })
      const caveats = decodeCaveats(record?.caveats ?? new Uint8Array())
      expect(getCaveats(caveats, 'Action')).toHaveLength(1)
      const token = (await handed(machine)) ?? ''
      expect((await show(machine, token, machine)).id).toBe(machine.id)
      const forbidden = { code: 'forbidden' }
      await expect(show(machine, token)).rejects.toMatchObject(forbidden)
      await expect(show(machine, token, sibling)).rejects.toMatchObject(forbidden)
      await expect(show(sibling, token, machine)).rejects.toMatchObject(forbidden)
      // A copy does not even say whose it is. Only a service may ask about it, to which its machine sent it.
      for (const operation of [showCurrentTokens, listOrganisations, showPrincipal]) {
        await askAt<undefined, unknown, unknown>(operation, undefined, token, machine)
        for (const source of [undefined, sibling]) {
          const asked = askAt<undefined, unknown, unknown>(operation, undefined, token, source)
          await expect(asked).rejects.toMatchObject(forbidden)
        }
      }
      const [copy, other] = [parseAuthorization(token), parseAuthorization(await world.mint())]
      const both = formatAuthorization([...copy.macaroons, ...other.macaroons])
      expect(await askAt(showCurrentTokens, undefined, both)).toHaveLength(1)
      expect(await askAt(authenticateTokens, undefined, token)).toHaveLength(1)
      const lasting = await world.create({ token: {} })
      const old = (await handed(lasting)) ?? ''
      const later = Date.now() + (handedSeconds + 60) * 1000
      await expect(show(lasting, old, lasting, later)).rejects.toMatchObject({ code: 'unauthenticated' })
      const fresh = (await handed(lasting, later)) ?? ''
      expect((await show(lasting, fresh, lasting, later)).id).toBe(lasting.id)
      // It ends when the token ends that created the machine.
      expect(await handed(machine, later)).toBeUndefined()
      const page = { ...usualListing, appName: world.app.name, limit: 10, after: undefined }
      expect((await world.ask(listAppTokens, page)).items.map(({ machineId }) => machineId)).toEqual([
        lasting.id,
        machine.id,
      ])
    })

    test('is good where its caveats name the app or the organization that asks, and not where they name another', async () => {
      const world = getWorld()
      const own = { organization: world.organisation.slug, app: world.app.name }
      const from = async (body: object) => {
        const machine = await world.create({ token: { caveats: [{ type: 'FlySrc', body }] } })
        return { machine, token: (await handed(machine)) ?? '' }
      }
      for (const body of [own, { app: own.app }, { organization: own.organization }]) {
        const { machine, token } = await from(body)
        expect((await show(machine, token, machine)).id).toBe(machine.id)
        expect(await askAt(showCurrentTokens, undefined, token, machine)).toHaveLength(1)
        await expect(show(machine, token)).rejects.toMatchObject({ code: 'forbidden' })
        // A service that asks at a machine's socket says itself where a token came from.
        const access = { action: actions.read, machine: machine.id, sourceMachine: machine.id }
        const asked = askAt(authoriseToken, { slug: undefined, appName: own.app, access }, token, machine)
        await expect(asked).rejects.toMatchObject({ code: 'forbidden' })
      }
      for (const body of [
        { ...own, app: 'another' },
        { ...own, organization: 'another' },
      ]) {
        const { machine, token } = await from(body)
        await expect(show(machine, token, machine)).rejects.toMatchObject({ code: 'forbidden' })
      }
    })

    test('is not given where it would carry networks: at its socket a request has no address', async () => {
      const world = getWorld()
      const networks = [parseNetwork('0.0.0.0/0'), parseNetwork('::/0')]
      const minter = await world.mint([{ type: 'Networks', networks }])
      const refused = {
        code: 'failed_precondition',
        message: expect.stringContaining('good for nothing at the socket'),
      }
      await expect(world.create({ token: {} }, {}, minter)).rejects.toMatchObject(refused)
      const caveats = [{ type: 'Networks', body: { networks: ['10.0.0.0/8'] } }]
      await expect(world.create({ token: { caveats } })).rejects.toMatchObject(refused)
    })

    test('dies with the token that created the machine, and an update that asks for the same does not revive it', async () => {
      const world = getWorld()
      const minter = await world.mint()
      const machine = await world.create({ token: readOnly }, {}, minter)
      const token = (await handed(machine)) ?? ''
      const first = await keptOf(machine)
      await update(machine, { token: readOnly })
      expect(await keptOf(machine)).toEqual(first)
      await world.ask(revokeToken, { id: nameToken(minter), descendants: 'revoke' })
      await expect(show(machine, token, machine)).rejects.toMatchObject({ code: 'unauthenticated' })
      expect(await handed(machine)).toBeUndefined()
      await update(machine, { token: readOnly, env: { A: 'b' } })
      expect(await handed(machine)).toBeUndefined()
      await update(machine, { token: {} })
      expect(await recordOf(machine)).toMatchObject({ mintedBy: null, revokedAt: null })
    })

    test('is minted again under whoever changes its caveats, and ends with its part of the configuration, and with the machine', async () => {
      const world = getWorld()
      const machine = await world.create({ token: readOnly })
      const first = await recordOf(machine)
      const updater = await world.mint([{ type: 'Action', mask: actions.write | actions.control }])
      await update(machine, { token: {} }, updater)
      const second = await recordOf(machine)
      expect(second).toMatchObject({ mintedBy: nameToken(updater), revokedAt: null })
      expect(getCaveats(decodeCaveats(second?.caveats ?? new Uint8Array()), 'Action')).toHaveLength(1)
      const byId = (id = '') => world.store.read((tx) => tx.tokens.byId(id))
      expect((await byId(first?.id))?.revokedBy).toContain(`with an update of machine ${machine.id}`)
      await update(machine, {})
      expect([await keptOf(machine), (await byId(second?.id))?.revokedAt]).toEqual([undefined, expect.any(Number)])
      await update(machine, { token: {} })
      const third = await recordOf(machine)
      await world.ask(destroyMachine, { ...named(machine), force: true })
      expect((await byId(third?.id))?.revokedBy).toBe(`the end of machine ${machine.id}`)
    })

    test('is refused where tokens mint nothing, and where no machine could see it, before anything is stored', async () => {
      const world = getWorld()
      const minter = await world.mint()
      const change = { slug: world.organisation.slug, name: undefined, membershipDischarge: undefined }
      await world.ask(updateOrganisation, { ...change, tokensMayMint: false })
      await expect(world.create({ token: {} }, { name: 'refused' }, minter)).rejects.toMatchObject({
        code: 'forbidden',
      })
      await world.create({}, { name: 'plain' }, minter)
      await world.ask(updateOrganisation, { ...change, tokensMayMint: true })
      await world.ask(updateOrganisation, { ...change, tokensMayMint: undefined, membershipDischarge: 'member' })
      const demand = { code: 'failed_precondition', message: expect.stringContaining('need discharges') }
      await expect(world.create({ token: {} }, { name: 'refused' })).rejects.toMatchObject(demand)
      await world.ask(updateOrganisation, { ...change, tokensMayMint: undefined, membershipDischarge: 'none' })
      const limit = (limits: Partial<TokenPolicy>) =>
        world.ask(updateTokenPolicy, { ...unchanged, slug: world.organisation.slug, ...limits })
      await limit({ networks: readNetworks(['10.0.0.0/8']) })
      const elsewhere = { code: 'failed_precondition', message: expect.stringContaining('networks') }
      await expect(world.create({ token: {} }, { name: 'refused' })).rejects.toMatchObject(elsewhere)
      await limit({ networks: [], maxLifetime: handedSeconds - 1 })
      await expect(world.create({ token: {} }, { name: 'refused' })).rejects.toMatchObject({ field: 'expiry' })
      await limit({ maxLifetime: null })
      setTrouble('nothing is shared')
      const refusal = { code: 'failed_precondition', message: expect.stringContaining('here: nothing is shared') }
      await expect(world.create({ token: {} }, { name: 'refused' })).rejects.toMatchObject(refusal)
      setTrouble(undefined)
      await world.create({ token: {} }, { name: 'refused' })
    })

    test('is blocked by the limits of its organization, within an hour of life, and waits for an approval', async () => {
      const world = getWorld()
      const { slug } = world.organisation
      const limit = (limits: Partial<TokenPolicy>) => world.ask(updateTokenPolicy, { ...unchanged, slug, ...limits })
      await limit({ approval: true })
      const machine = await world.create({ token: {} }, { name: 'limited' }, await world.mint())
      await limit({ approval: false, maxLifetime: handedSeconds })
      const blockOf = async () => {
        const shown = await world.ask(showToken, { id: (await keptOf(machine))?.tokenId ?? '' })
        return shown.record.block?.reason
      }
      expect(await blockOf()).toBeUndefined()
      // The token that minted it is some moments older, and ends after an hour.
      await limit({ maxLifetime: handedSeconds - 60 })
      expect(await blockOf()).toBe('max_token_lifetime')
      await limit({ maxLifetime: null, approval: true })
      expect(await blockOf()).toBe('approval')
      await world.ask(approveToken, { id: (await keptOf(machine))?.tokenId ?? '' })
      expect(await blockOf()).toBeUndefined()
      await limit({ approval: false })
    })
  })
}

const unchanged = {
  maxLifetime: undefined,
  defaultLifetime: undefined,
  tokensMayMint: undefined,
  onlyAdminsMint: undefined,
  approval: undefined,
  networks: undefined,
}
