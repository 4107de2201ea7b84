// Finds out whether a Docker Engine sees the folders of this machine: one elsewhere would show an empty folder of its own.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { EngineError } from '../engine-error.ts'
import type { DockerClient } from './client.ts'
import { mountOf } from './container.ts'
import { probeLabels } from './probe.ts'
import { packTar } from '../tar.ts'

/**
 * Looks for a file of ours in a temporary container that is never started. False if the engine refuses one.
 * @throws EngineError `unavailable` or `timeout`
 */
export async function sharesFolder(client: DockerClient, folder: string, random: () => string): Promise<boolean> {
  const name = `hallpass-look-${random().slice(0, 8)}`
  const file = join(folder, name)
  const made: (readonly string[])[] = []
  try {
    await writeFile(file, '', { flag: 'wx' })
    const bytes = packTar([{ path: '/etc/hallpass-look', content: Buffer.alloc(0) }])
    const query = { fromSrc: '-', repo: name, tag: 'latest' }
    const body = { type: 'application/x-tar', bytes }
    await client.ask({ method: 'POST', path: ['images', 'create'], query, body })
    made.unshift(['images', name])
    const host = { NetworkMode: 'none', Mounts: [mountOf({ folder, path: '/look' })] }
    const json = { Image: name, Cmd: ['/look'], Labels: probeLabels, HostConfig: host }
    const { value } = await client.ask<{ Id: string }>({ method: 'POST', path: ['containers', 'create'], json })
    made.unshift(['containers', value.Id])
    const path = ['containers', value.Id, 'archive']
    const { status } = await client.ask({ method: 'HEAD', path, query: { path: `/look/${name}` } }, { also: [404] })
    return status === 200
  } catch (error) {
    // Nothing is known of an engine that is away.
    if (error instanceof EngineError && ['unavailable', 'timeout'].includes(error.code)) throw error
    return false
  } finally {
    await rm(file, { force: true })
    for (const path of made) await client.ask({ method: 'DELETE', path, query: { force: true } }).catch(() => {})
  }
}
