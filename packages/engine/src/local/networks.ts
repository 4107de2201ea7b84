// Private networks: a bridge for each in a network namespace that forwards nothing and has no way to the machine's own.
import { mkdir, readdir, readlink, rm, rmdir, symlink, unlink } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { EngineError } from '../engine-error.ts'
import type { Folders } from './folders.ts'
import { quote, run } from './programs.ts'

export interface Networks {
  /** A free address of the network, until it is released. */
  claim(network: string, runId: string): Promise<Place>
  giveBack(network: string, runId: string, address: string): Promise<void>
  /** Only where no run has it. */
  remove(network: string): Promise<void>
}

export interface Place {
  readonly address: string
  /** The address of the name server. */
  readonly gateway: string
  /** Commands for the shell, to be run in the network namespace of the run. */
  readonly script: string
}

/** Whether the kernel has veth and bridge. */
export async function canConnect(): Promise<boolean> {
  const script = 'ip link add try type bridge; ip link add one type veth peer name other'
  return (await run('unshare', ['--net', 'sh', '-ec', script])).code === 0
}

/** For the shell: makes the namespace of all networks if it is missing. The keeper's lock lets only one process run it. */
export function scriptOfSwitchboard({ passing, switchboard }: Folders): string {
  const settings =
    'ip link set lo up; echo 0 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || true'
  const file = quote(switchboard)
  return `nsenter --net=${file} true 2>/dev/null || {
mkdir -p -m 700 ${quote(passing)}
: > ${file}
unshare --net=${file} sh -ec ${quote(settings)}
}`
}

export async function removeSwitchboard({ passing, switchboard }: Folders): Promise<void> {
  await run('umount', [switchboard])
  await rm(passing, { recursive: true, force: true }).catch(() => {})
}

export function createNetworks(folders: Folders, owner: string): Networks {
  const { switchboard, subnets, addresses } = folders
  const inside = `nsenter --net=${quote(switchboard)}`

  /** Which of the 4096 it is; the first free one where it has none yet. */
  async function subnetOf(network: string): Promise<number> {
    await mkdir(subnets, { recursive: true })
    const name = `${owner}.${network}`
    for (;;) {
      const taken = await readdir(subnets)
      for (const one of taken) if ((await readlink(join(subnets, one)).catch(() => '')) === name) return Number(one)
      const numbers = new Set(taken.map(Number))
      const free = Array.from({ length: subnetCount }, (_, index) => index).find((index) => !numbers.has(index))
      if (free === undefined) throw new EngineError('no_addresses', 'The engine has 4096 private networks, and no more')
      await symlink(name, join(subnets, `${free}`)).catch(orTaken)
      // Two processes may have taken one each: the lower number counts.
      const again = await Promise.all(
        (await readdir(subnets)).map(async (one) => [one, await readlink(join(subnets, one)).catch(() => '')]),
      )
      const own = again
        .filter(([, to]) => to === name)
        .map(([one]) => Number(one))
        .toSorted((left, right) => left - right)
      for (const late of own.slice(1)) await unlink(join(subnets, `${late}`)).catch(() => {})
      if (own[0] !== undefined) return own[0]
    }
  }

  return {
    async claim(network, runId) {
      const subnet = await subnetOf(network)
      const folder = join(addresses, `${owner}.${network}`)
      await mkdir(folder, { recursive: true })
      // Not the one that was released last, which others may have cached.
      const first = createHash('sha256').update(runId).digest().readUInt16BE(0)
      for (let step = 0; step < hostCount; step += 1) {
        const host = 2 + ((first + step) % hostCount)
        const isOurs = await symlink(runId, join(folder, `${host}`)).then(() => true, orTaken)
        if (!isOurs) continue
        const [address, gateway] = [addressOf(subnet, host), addressOf(subnet, 1)]
        return { address, gateway, script: scriptOf(subnet, host, address, gateway) }
      }
      throw new EngineError('no_addresses', `The private network ${network} has no address left`, { field: 'network' })
    },

    async giveBack(network, runId, address) {
      const [, , third = 0, fourth = 0] = address.split('.').map(Number)
      const claim = join(addresses, `${owner}.${network}`, `${((third & 15) << 8) | fourth}`)
      if ((await readlink(claim).catch(() => '')) === runId) await unlink(claim).catch(() => {})
    },

    async remove(network) {
      const found = await readdir(subnets).catch(() => [])
      await rmdir(join(addresses, `${owner}.${network}`)).catch(() => {})
      for (const one of found) {
        const link = join(subnets, one)
        if ((await readlink(link).catch(() => '')) !== `${owner}.${network}`) continue
        await run('nsenter', [`--net=${switchboard}`, 'ip', 'link', 'delete', `b${one}`])
        await unlink(link).catch(() => {})
      }
    },
  }

  function scriptOf(subnet: number, host: number, address: string, gateway: string): string {
    const bridge = `b${subnet}`
    const cable = `v${subnet}.${host}`
    const plug = [
      `ip link add ${bridge} type bridge 2>/dev/null || true`,
      `ip address replace ${gateway}/20 dev ${bridge}`,
      `ip link set ${bridge} up`,
      `ip link set ${cable} master ${bridge} up`,
    ].join('; ')
    return [
      `ip link add eth0 type veth peer name ${cable} netns ${quote(switchboard)}`,
      `ip address add ${address}/20 dev eth0`,
      'ip link set eth0 up',
      `${inside} sh -ec ${quote(plug)}`,
    ].join('\n')
  }
}

function addressOf(subnet: number, host: number): string {
  return `10.${subnet >> 4}.${((subnet & 15) << 4) | (host >> 8)}.${host & 255}`
}

/** Of an address of ours. */
export function subnetOfAddress(address: string): number {
  const [, second = 0, third = 0] = address.split('.').map(Number)
  return (second << 4) | (third >> 4)
}

function orTaken(error: unknown): boolean {
  if (Reflect.get(Object(error), 'code') === 'EEXIST') return false
  throw error
}

const subnetCount = 4096
const hostCount = 4093
