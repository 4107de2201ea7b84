// Finds out what a Docker Engine can do and enforce: asks it, and tests what it does not say.
import type { Capabilities } from '../engine.ts'
import type { DockerClient } from './client.ts'
import { probe } from './probe.ts'

/** Its own information. */
export type Said = Omit<Capabilities, 'networks' | 'diskLimit' | 'remedies'>

export async function readAbilities(client: DockerClient): Promise<Said> {
  const { value: info } = await client.ask<Info>({ path: ['info'] })
  const { value: version } = await client.ask<Version>({ path: ['version'] })
  const isPodman = (version.Components ?? []).some(({ Name }) => /podman/i.test(Name))
  return {
    isolation: 'container',
    memoryLimit: info.MemoryLimit === true,
    cpuLimit: info.CpuCfsQuota === true,
    processLimit: info.PidsLimit === true,
    volumes: 'unsized',
    pause: true,
    commandUser: true,
    logStreams: true,
    oomReported: !isPodman,
    engine: { name: isPodman ? podman : 'Docker Engine', version: info.ServerVersion },
    host: {
      name: info.Name,
      cpus: info.NCPU,
      memoryMb: Math.floor(info.MemTotal / 2 ** 20),
      architecture: info.Architecture,
    },
  }
}

/** It takes a second or two. */
export async function tryAbilities(client: DockerClient, said: Said, random: () => string): Promise<Capabilities> {
  const of = { architecture: said.host.architecture, isPodman: said.engine.name === podman }
  const found = { ...said, ...(await probe(client, of, random)) }
  return { ...found, remedies: remediesOf(found) }
}

function remediesOf(found: Omit<Capabilities, 'remedies'>): string[] {
  const limits = [
    ['memory', found.memoryLimit],
    ['processors', found.cpuLimit],
    ['processes', found.processLimit],
  ] as const
  return [
    ...limits
      .filter(([, can]) => !can)
      .map(([what]) => `Limits of ${what} are not enforced: mount the cgroup controllers and restart the engine.`),
    ...(found.diskLimit
      ? []
      : [
          'The size of root filesystems is not limited: let the engine keep its data on XFS with pquota, Btrfs or ZFS.',
        ]),
    'Volumes may grow past their size: give the engine a disk of its own, so that nothing else suffers when it is full.',
    ...(found.networks === 'shared'
      ? [
          found.engine.name === podman
            ? `Networks reach each other, at least once one of them has lost its last run: add a rule at each boot: ${podmanRule}`
            : 'Networks reach each other: start dockerd without --iptables=false, where it can use iptables.',
        ]
      : []),
    ...(found.networks === 'unknown'
      ? ['It could not be tried whether networks reach each other, so runs get none.']
      : []),
    ...(found.oomReported ? [] : ['Podman does not say that a run ended because its memory was used up.']),
  ]
}

const podman = 'Podman'

/**
 * Keeps our networks apart whatever netavark does. With iptables, netavark 1.1 and later removes the rule that isolates
 * all networks whenever one of them loses its last container, and adds it again only when the next container starts.
 */
export const podmanRule = 'iptables -t mangle -A FORWARD -i hp+ -o hp+ -m physdev ! --physdev-is-bridged -j DROP'

interface Info {
  readonly Name: string
  readonly ServerVersion: string
  readonly Architecture: string
  readonly NCPU: number
  readonly MemTotal: number
  readonly MemoryLimit?: boolean
  readonly CpuCfsQuota?: boolean
  readonly PidsLimit?: boolean
}

interface Version {
  readonly Components?: readonly { readonly Name: string }[]
}
