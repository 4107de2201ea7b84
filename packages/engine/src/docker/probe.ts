// Tests, with temporary containers, what a Docker Engine does not say: whether one network reaches another, and whether
// the size of a root filesystem can be limited.
import { setTimeout as pause } from 'node:timers/promises'

import type { Capabilities } from '../engine.ts'
import type { DockerClient } from './client.ts'
import { bridgeOptions } from './networks.ts'
import { probeProgram } from '../tiny-programs.ts'
import { packTar } from '../tar.ts'

export interface Findings {
  readonly networks: Capabilities['networks']
  readonly diskLimit: boolean
}

/**
 * Whether networks are apart: a container in one network, one beside it that must reach it, or nothing was found out, and
 * one in a second network that must not. With Podman, the last keeps trying while a third network loses its only container:
 * then netavark (1.1 and later, with iptables) takes back the rule that keeps all networks apart.
 *
 * It takes a second or two, with Podman a few, and leaves nothing behind.
 */
export async function probe(
  client: DockerClient,
  { architecture, isPodman }: { readonly architecture: string; readonly isPodman: boolean },
  random: () => string,
): Promise<Findings> {
  const waiting = probeProgram(architecture)
  const name = `hallpass-probe-${random().slice(0, 8)}`
  const made: (readonly string[])[] = []

  async function make(what: 'containers' | 'networks', json: object, query = {}): Promise<string> {
    const question = { method: 'POST', path: [what, 'create'], json, query } as const
    const { value } = await client.ask<{ readonly Id: string }>(question)
    made.push([what, value.Id])
    return value.Id
  }

  function makeNetwork(at: string): Promise<string> {
    const Name = `${name}-${at}`
    return make('networks', { Name, Driver: 'bridge', Options: bridgeOptions(Name), Labels: probeLabels })
  }

  async function run(network: string, program: Uint8Array): Promise<string> {
    const limits = { Memory: 16 * 2 ** 20, PidsLimit: 8, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] }
    const json = { Image: name, Cmd: ['/probe'], Labels: probeLabels, HostConfig: { ...limits, NetworkMode: network } }
    const id = await make('containers', json)
    const body = { type: 'application/x-tar', bytes: packTar([{ path: '/probe', content: program, mode: 0o755 }]) }
    await client.ask({ method: 'PUT', path: ['containers', id, 'archive'], query: { path: '/' }, body })
    await client.ask({ method: 'POST', path: ['containers', id, 'start'] })
    return id
  }

  async function hasReached(id: string): Promise<boolean> {
    const { value } = await client.ask<Inspected>({ path: ['containers', id, 'json'] })
    return value.State.ExitCode === refused
  }

  async function mustReach(id: string): Promise<boolean> {
    for (const end = Date.now() + longestReach; Date.now() < end; await pause(50)) if (await hasReached(id)) return true
    return false
  }

  async function findDiskLimit(): Promise<boolean> {
    const json = { Image: name, Cmd: ['/probe'], Labels: probeLabels, HostConfig: { StorageOpt: { size: '1G' } } }
    return make('containers', json).then(
      () => true,
      () => false,
    )
  }

  async function findNetworks(): Promise<Findings['networks']> {
    if (waiting === undefined) return 'unknown'
    const [here, there] = await Promise.all([makeNetwork('a'), makeNetwork('b')])
    const id = await run(here, waiting)
    const { value } = await client.ask<Inspected>({ path: ['containers', id, 'json'] })
    const address = Object.values(value.NetworkSettings.Networks)[0]?.IPAddress ?? ''
    const connecting = probeProgram(architecture, address)
    if (connecting === undefined || address === '') return 'unknown'
    const start = (network: string): Promise<string> => run(network, connecting)
    const [beside, across] = await Promise.all([start(here), start(there)])
    if (isPodman) {
      const last = await start(await makeNetwork('c'))
      await client.ask({ method: 'DELETE', path: ['containers', last], query: { force: true } })
    }
    if (!(await mustReach(beside))) return 'unknown'
    await pause(timeToReach)
    return (await hasReached(across)) ? 'shared' : 'isolated'
  }

  try {
    await removeForgotten(client, longestProbe)
    const body = {
      type: 'application/x-tar',
      bytes: packTar([{ path: '/etc/hallpass-probe', content: Buffer.alloc(0) }]),
    }
    const query = { fromSrc: '-', repo: name, tag: 'latest' }
    await client.ask({ method: 'POST', path: ['images', 'create'], query, body })
    made.push(['images', name])
    const [networks, diskLimit] = await Promise.all([findNetworks().catch(() => 'unknown' as const), findDiskLimit()])
    return { networks, diskLimit }
  } catch {
    return { networks: 'unknown', diskLimit: false }
  } finally {
    for (const what of ['containers', 'networks', 'images']) {
      const paths = made.filter(([kind]) => kind === what)
      await Promise.all(
        paths.map((path) => client.ask({ method: 'DELETE', path, query: { force: true } }).catch(() => {})),
      )
    }
  }
}

/** Removes what a killed caller has left of a probe, but no running probe of another caller. */
export async function removeForgotten(client: DockerClient, olderMs: number): Promise<void> {
  const query = { all: true, filters: JSON.stringify({ label: [`${probeLabel}=true`] }) }
  for (const what of ['containers', 'networks'] as const) {
    const path = what === 'containers' ? [what, 'json'] : [what]
    const { value, date } = await client.ask<readonly Made[]>({ path, query })
    for (const { Id: id, Created: created, Labels: labels } of value) {
      const at = typeof created === 'number' ? created * 1000 : Date.parse(created)
      if (labels?.[probeLabel] !== 'true' || date.getTime() - at < olderMs) continue
      await client.ask({ method: 'DELETE', path: [what, id], query: { force: true } }).catch(() => {})
    }
  }
}

const longestProbe = 10 * 60_000
/** Milliseconds until a container must have reached one beside it; and until one that can has reached another network's. */
const longestReach = 10_000
const timeToReach = 500
const probeLabel = 'hallpass.probe'

interface Made {
  readonly Id: string
  /** Unix seconds of a container; RFC 3339 of a network. */
  readonly Created: number | string
  readonly Labels: Readonly<Record<string, string>> | null
}

export const probeLabels = { [probeLabel]: 'true' }
/** ECONNREFUSED: the address was reached, and nothing listens there. */
const refused = 111

interface Inspected {
  readonly State: { readonly ExitCode: number }
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> }
}
