// Private networks in a Docker Engine: one for an organization, made when the first run needs it.
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

import { EngineError } from '../engine-error.ts'
import type { DockerClient } from './client.ts'
import type { Names } from './names.ts'

export interface Networks {
  /** Makes it if it is missing, once even for many calls at a time. */
  ensure(network: string): Promise<void>
  remove(network: string): Promise<boolean>
}

export function createNetworks(client: DockerClient, names: Names, timeoutMs: number): Networks {
  const underway = new Map<string, Promise<void>>()

  async function make(network: string): Promise<void> {
    const name = names.network(network)
    const json = {
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      Labels: names.networkLabels(network),
      Options: bridgeOptions(name),
    }
    const end = Date.now() + timeoutMs
    for (;;) {
      const { status, value } = await client.ask<Network>({ path: ['networks', name] }, { also: [404] })
      if (status === 200) {
        if (names.isOwn(value.Labels ?? {})) return
        const sentence = `The engine has a network ${name} that is somebody else's`
        throw new EngineError('name_taken', sentence, { field: 'network' })
      }
      try {
        await client.ask({ method: 'POST', path: ['networks', 'create'], json })
        return
      } catch (error) {
        // Another process was quicker, and its network is seen in a moment.
        if (!(error instanceof EngineError && error.code === 'name_taken') || Date.now() > end) throw error
      }
      await pause(20)
    }
  }

  return {
    ensure(network) {
      const running = underway.get(network)
      if (running !== undefined) return running
      const made = make(network).finally(() => underway.delete(network))
      underway.set(network, made)
      return made
    },

    async remove(network) {
      const { value } = await client.ask<readonly object[]>({
        path: ['containers', 'json'],
        query: { all: true, limit: 1, filters: JSON.stringify({ network: [names.network(network)] }) },
      })
      if (value.length > 0) return false
      const path = ['networks', names.network(network)]
      const found = await client.ask<Network>({ path }, { also: [404] })
      if (found.status === 404) return true
      if (!names.isOwn(found.value.Labels ?? {})) return true
      // 403: a run came in meanwhile.
      const { status } = await client.ask({ method: 'DELETE', path }, { also: [403, 404, 409] })
      return status < 300 || status === 404
    },
  }
}

/** The options of a bridge network of that name. */
export function bridgeOptions(name: string): Readonly<Record<string, string>> {
  return {
    // Docker makes two networks of one name when two ask at a time, but never two of one bridge. All have the prefix of
    // the rule that Podman needs.
    'com.docker.network.bridge.name': `hp${createHash('sha256').update(name).digest('hex').slice(0, 12)}`,
    // Docker keeps networks apart by default; Podman needs this option.
    isolate: 'true',
  }
}

interface Network {
  readonly Labels: Readonly<Record<string, string>> | null
}
