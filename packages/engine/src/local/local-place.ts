// One directory of a local engine as one owner sees it: all that calls need, made when the first of them comes.
import { mkdir, readdir } from 'node:fs/promises'

import { EngineError } from '../engine-error.ts'
import type { Capabilities, RunSpec } from '../engine.ts'
import { findAbilities, reasonWithoutLocal } from './abilities.ts'
import { openControlGroups, type ControlGroups } from './control-groups.ts'
import { foldersOf, type Folders } from './folders.ts'
import { createImages, type Images } from './images.ts'
import { findInherited, type Inherited } from './inherited.ts'
import { createKeeperLink, type KeeperLink } from './keeper-link.ts'
import { createNetworks, type Networks } from './networks.ts'
import { createNotices, type Notices } from './notices.ts'
import { readRecord } from './records.ts'
import { createVolumes, type Volumes } from './volumes.ts'

export interface LocalPlace {
  readonly folders: Folders
  readonly owner: string
  readonly keeper: KeeperLink
  readonly networks: Networks
  readonly notices: Notices
  readonly images: Images
  readonly volumes: Volumes
  readonly timeoutMs: number
  /** @throws EngineError `unavailable` that says what this machine lacks */
  open(): Promise<Opened>
  /** @throws EngineError `unsupported` or `not_isolated` for what cannot be enforced */
  checkAbilities(spec: RunSpec): Promise<void>
}

interface Opened {
  readonly groups: ControlGroups
  readonly inherited: Inherited
  readonly capabilities: Capabilities
}

export interface PlaceOptions {
  readonly owner: string
  readonly directory: string
  readonly timeoutMs: number
  readonly images: Parameters<typeof createImages>[1]
}

export function openPlace({ owner, directory, timeoutMs, images }: PlaceOptions): LocalPlace {
  const folders = foldersOf(directory)
  const networks = createNetworks(folders, owner)
  const keeper = createKeeperLink(folders, timeoutMs)
  let opened: Promise<Opened> | undefined

  async function findUnended(): Promise<string[]> {
    const found: string[] = []
    for (const runId of await readdir(folders.runsOf(owner))) {
      const folder = folders.run(owner, runId)
      const isStarted = (await readRecord(folder, 'start.json')) !== undefined
      if (isStarted && (await readRecord(folder, 'exit.json')) === undefined) found.push(runId)
    }
    return found
  }

  async function prepare(): Promise<Opened> {
    const reason = await reasonWithoutLocal()
    if (reason !== undefined) throw new EngineError('unavailable', `The local engine cannot run machines: ${reason}`)
    // For root alone, because the data of runs is in it.
    await mkdir(folders.root, { recursive: true, mode: 0o700 })
    for (const folder of [folders.staging, folders.layers, folders.images, folders.references, folders.runsOf(owner)]) {
      await mkdir(folder, { recursive: true })
    }
    const groups = await openControlGroups(`hallpass-${folders.mark}`)
    if (groups === undefined) throw new EngineError('unavailable', 'The local engine cannot write to control groups')
    // After a restart of the machine only the keeper records that runs have ended.
    const unended = await findUnended()
    for (const runId of unended) await keeper.attach(owner, runId)
    return { groups, inherited: findInherited(), capabilities: await findAbilities(folders) }
  }

  function open(): Promise<Opened> {
    opened ??= prepare().catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }

  return {
    folders,
    owner,
    networks,
    timeoutMs,
    keeper,
    notices: createNotices(folders.runsOf(owner)),
    images: createImages(folders, images),
    volumes: createVolumes(folders, owner),
    open,
    async checkAbilities({ limits, network }) {
      const { capabilities } = await open()
      if (limits.diskMb !== undefined && !capabilities.diskLimit) {
        throw new EngineError('unsupported', 'This engine cannot enforce limits.diskMb', { field: 'limits.diskMb' })
      }
      if (network !== undefined && capabilities.networks !== 'isolated') {
        throw new EngineError('not_isolated', 'This engine has no private networks', { field: 'network' })
      }
    },
  }
}
