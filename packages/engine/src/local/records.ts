// The records of a run: its spec, that it was started, and how it ended; each is written once.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { signalOfCode } from '../check-spec.ts'
import type { Limits, RunStatus, SharedFolder, VolumeMount } from '../engine.ts'
import type { ControlGroups } from './control-groups.ts'
import { giveNotice } from './notices.ts'

export interface RunRecord {
  readonly runId: string
  /** Of the spec: another one is not the same run. */
  readonly digest: string
  readonly createdAt: string
  readonly labels: Readonly<Record<string, string>>
  readonly network: string | undefined
  readonly names: readonly string[]
  readonly image: string
  /** Names of folders, the lowest first. */
  readonly layers: readonly string[]
  readonly command: readonly string[]
  readonly env: readonly string[]
  readonly user: string
  readonly workingDirectory: string
  readonly hostname: string
  readonly limits: Limits
  readonly sharedFolder: SharedFolder | undefined
  /** Absent if an older program made the run. */
  readonly volumes?: readonly VolumeMount[]
}

interface StartRecord {
  readonly at: string
  readonly address: string | undefined
}

interface ExitRecord {
  readonly code: number
  readonly oomKilled: boolean
  readonly at: string
  readonly problem: string | undefined
}

interface Records {
  readonly 'run.json': RunRecord
  readonly 'start.json': StartRecord
  readonly 'exit.json': ExitRecord
}

/** Undefined where it is not written yet, or the run is gone. */
export async function readRecord<Name extends keyof Records>(
  folder: string,
  name: Name,
): Promise<Records[Name] | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => '')
  return text === '' ? undefined : (JSON.parse(text) as Records[Name])
}

/** False if it exists already; then it is not changed. */
export async function writeRecord<Name extends keyof Records>(
  folder: string,
  name: Name,
  record: Records[Name],
): Promise<boolean> {
  try {
    // Shorter than a block, so readers see the whole file or none.
    await writeFile(join(folder, name), JSON.stringify(record), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (Reflect.get(Object(error), 'code') === 'EEXIST') return false
    throw error
  }
  await giveNotice(folder)
  return true
}

export async function readStatus(folder: string, groups: ControlGroups, group: string): Promise<RunStatus | undefined> {
  const record = await readRecord(folder, 'run.json')
  if (record === undefined) return undefined
  const { runId, labels, network, image, createdAt } = record
  const exit = await readRecord(folder, 'exit.json')
  const start = await readRecord(folder, 'start.json')
  const isPaused = exit === undefined && start !== undefined && (await groups.isFrozen(group))
  return {
    runId,
    state: exit !== undefined ? 'exited' : start === undefined ? 'created' : isPaused ? 'paused' : 'running',
    labels,
    network,
    address: exit === undefined ? start?.address : undefined,
    image,
    createdAt: new Date(createdAt),
    startedAt: start && new Date(start.at),
    exit: exit && {
      code: exit.code,
      signal: signalOfCode(exit.code),
      oomKilled: exit.oomKilled,
      at: new Date(exit.at),
      problem: exit.problem,
    },
  }
}
