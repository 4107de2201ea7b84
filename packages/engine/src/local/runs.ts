// The life of a run in the local engine: create, start, signal, stop, pause, remove, and how it stands.
import { randomUUID } from 'node:crypto'
import { lchown, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createChangedRuns } from '../changed-runs.ts'
import { checkSignal, checkSpec } from '../check-spec.ts'
import { digestOf } from '../digest-spec.ts'
import { EngineError, noRun, notRunning } from '../engine-error.ts'
import type { Engine, FileSpec, RunSpec, RunStatus } from '../engine.ts'
import { launch, makePipes } from './launch.ts'
import type { LocalPlace } from './local-place.ts'
import { giveNotice } from './notices.ts'
import { mainProcessOf } from './processes.ts'
import { run as runProgram } from './programs.ts'
import { readRecord, readStatus, writeRecord, type RunRecord } from './records.ts'
import { firstUser } from './user-namespace.ts'

export type Runs = Omit<Engine, NotOfRuns>

type NotOfRuns =
  | ('kind' | 'capabilities' | 'sharesFolder' | 'pullImage' | 'exec' | 'openExec' | 'processes' | 'logs')
  | ('createVolume' | 'extendVolume' | 'removeVolume' | 'listVolumes')

export function createRuns(place: LocalPlace): Runs {
  const { folders, owner, keeper, networks, notices, volumes } = place
  const folderOf = (runId: string): string => folders.run(owner, runId)
  const groupOf = (runId: string): string => `${owner}.${runId}`

  async function inspect(runId: string): Promise<RunStatus | undefined> {
    return readStatus(folderOf(runId), (await place.open()).groups, groupOf(runId))
  }

  /** @throws EngineError `run_not_found` */
  async function statusNow(runId: string): Promise<RunStatus> {
    const run = await inspect(runId)
    if (run === undefined) throw noRun(runId)
    return run
  }

  async function recordOf(spec: RunSpec): Promise<RunRecord> {
    const image = await place.images.demand(spec.image)
    const command = [
      ...(spec.entrypoint ?? image.entrypoint),
      ...(spec.command ?? (spec.entrypoint === undefined ? image.command : [])),
    ]
    if (command.length === 0)
      throw new EngineError('command_not_runnable', 'Neither the image nor the run has a command')
    return {
      runId: spec.runId,
      digest: digestOf(spec),
      createdAt: new Date().toISOString(),
      labels: spec.labels ?? {},
      network: spec.network,
      names: spec.names ?? [],
      image: image.id,
      layers: image.layers,
      command,
      env: [...image.env, ...Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`)],
      user: spec.user ?? image.user,
      workingDirectory: join('/', spec.workingDirectory ?? image.workingDirectory),
      hostname: spec.hostname ?? spec.runId.replaceAll(/[^a-z0-9-]/gi, '-'),
      limits: spec.limits,
      sharedFolder: spec.sharedFolder,
      volumes: spec.volumes ?? [],
    }
  }

  async function waitForEnd(runId: string, abort?: AbortSignal): Promise<RunStatus | undefined> {
    const changed = createChangedRuns()
    const onAbort = (): void => changed.end(abort?.reason)
    const close = await notices.listen((one) => {
      if (one === runId) changed.add(one)
    })
    const release = await keeper.hold(owner, [runId])
    abort?.addEventListener('abort', onAbort)
    try {
      abort?.throwIfAborted()
      for (;;) {
        const run = await inspect(runId)
        if (run === undefined || run.state === 'exited') return run
        await changed.next()
      }
    } finally {
      abort?.removeEventListener('abort', onAbort)
      release()
      close()
    }
  }

  async function list(): Promise<RunStatus[]> {
    const runs: RunStatus[] = []
    for (const runId of await readdir(folders.runsOf(owner)).catch(() => [])) {
      const run = await inspect(runId)
      if (run === undefined) continue
      runs.push(run.exit === undefined ? run : { ...run, exit: { ...run.exit, problem: undefined } })
    }
    return runs
  }

  async function waitUpTo(runId: string, timeoutMs: number): Promise<boolean> {
    const abort = AbortSignal.timeout(timeoutMs)
    try {
      await waitForEnd(runId, abort)
      return true
    } catch (error) {
      if (abort.aborted) return false
      throw error
    }
  }

  async function freeze(runId: string, wanted: 'paused' | 'running'): Promise<RunStatus> {
    const { state } = await statusNow(runId)
    if (state !== 'running' && state !== 'paused') throw notRunning(runId)
    const { groups } = await place.open()
    if (state !== wanted) {
      await groups.freeze(groupOf(runId), wanted === 'paused')
      await giveNotice(folderOf(runId))
    }
    return statusNow(runId)
  }

  async function send(runId: string, signal: NodeJS.Signals): Promise<boolean> {
    const { groups } = await place.open()
    const pid = await mainProcessOf(folderOf(runId), groups, groupOf(runId))
    try {
      if (pid !== undefined) process.kill(pid, signal)
    } catch {
      return false
    }
    return pid !== undefined
  }

  return {
    inspect,
    list,
    wait: (runId, { abort } = {}) => waitForEnd(runId, abort),
    pause: (runId) => freeze(runId, 'paused'),
    resume: (runId) => freeze(runId, 'running'),

    async create(spec) {
      checkSpec(spec)
      await place.checkAbilities(spec)
      for (const { volumeId } of spec.volumes ?? []) await volumes.demand(volumeId)
      const record = await recordOf(spec)
      const files = (spec.files ?? []).map(({ content, ...rest }) => ({
        ...rest,
        content: Buffer.from(content).toString('base64'),
      }))
      const staged = join(folders.staging, randomUUID())
      for (const name of ['upper', 'work']) await mkdir(join(staged, name), { recursive: true })
      await lchown(join(staged, 'upper'), firstUser, firstUser)
      await writeFile(join(staged, 'run.json'), JSON.stringify(record), { mode: 0o600 })
      await writeFile(join(staged, 'files.json'), JSON.stringify(files), { mode: 0o600 })
      await mkdir(folders.runsOf(owner), { recursive: true })
      // It may exist already, of an earlier call or one at the same time.
      await rename(staged, folderOf(spec.runId)).catch(async (error: unknown) => {
        await runProgram('rm', ['-rf', staged])
        if (!['ENOTEMPTY', 'EEXIST'].includes(String(Reflect.get(Object(error), 'code')))) throw error
      })
      const found = await readRecord(folderOf(spec.runId), 'run.json')
      if (found !== undefined && found.digest !== record.digest) {
        const sentence = `The run ${spec.runId} exists already, with another spec: a run id is used once`
        throw new EngineError('run_exists', sentence, { field: 'runId' })
      }
      return statusNow(spec.runId)
    },

    async start(runId) {
      const folder = folderOf(runId)
      const record = await readRecord(folder, 'run.json')
      if (record === undefined || (await readRecord(folder, 'start.json')) !== undefined) return statusNow(runId)
      const { groups, inherited } = await place.open()
      const { network } = record
      const found = network === undefined ? undefined : await networks.claim(network, runId)
      const pipes = await makePipes(folder)
      try {
        const isFirst = await writeRecord(folder, 'start.json', {
          at: new Date().toISOString(),
          address: found?.address,
        })
        if (!isFirst) {
          if (found !== undefined && network !== undefined) await networks.giveBack(network, runId, found.address)
          return await statusNow(runId)
        }
        await keeper.attach(owner, runId)
        const files = await readFiles(folder)
        const group = groupOf(runId)
        await launch({ folders, folder, groups, group, inherited, record, files, place: found, volumes }, pipes)
      } catch (error) {
        const problem = error instanceof EngineError ? error.message : 'The run could not be started'
        await writeRecord(folder, 'exit.json', { code: 126, oomKilled: false, at: new Date().toISOString(), problem })
        throw error
      } finally {
        // The keeper sees the end of the output when no process holds the pipe.
        for (const pipe of pipes) await pipe.close()
      }
      return statusNow(runId)
    },

    async signal(runId, signal) {
      checkSignal(signal)
      if ((await statusNow(runId)).state !== 'running') throw notRunning(runId)
      if (!(await send(runId, signal))) throw notRunning(runId)
    },

    async stop(runId, { signal, timeoutMs }) {
      checkSignal(signal)
      const { state } = await statusNow(runId)
      if (state === 'created' || state === 'exited') return statusNow(runId)
      if (state === 'paused') await freeze(runId, 'running')
      await send(runId, signal)
      if (!(await waitUpTo(runId, timeoutMs))) {
        // The main process alone, so that its exit code shows the signal; all others end with it.
        if (!(await send(runId, 'SIGKILL'))) await (await place.open()).groups.kill(groupOf(runId))
        if (!(await waitUpTo(runId, place.timeoutMs))) {
          throw new EngineError('timeout', `The run ${runId} was killed and has not ended yet`)
        }
      }
      return statusNow(runId)
    },

    async remove(runId) {
      const folder = folderOf(runId)
      const [record, start] = [await readRecord(folder, 'run.json'), await readRecord(folder, 'start.json')]
      const { groups } = await place.open()
      await mkdir(folders.trash, { recursive: true })
      const trash = join(folders.trash, randomUUID())
      await groups.kill(groupOf(runId))
      // From here on it does not exist; the rest is only cleaned up.
      if (
        !(await rename(folder, trash).then(
          () => true,
          () => false,
        ))
      )
        return
      if (record?.network !== undefined && start?.address !== undefined) {
        await networks.giveBack(record.network, runId, start.address)
      }
      await groups.remove(groupOf(runId))
      await runProgram('rm', ['-rf', trash])
    },

    async *watch({ abort } = {}) {
      const changed = createChangedRuns()
      const onAbort = (): void => changed.end(abort?.reason)
      const close = await notices.listen((runId) => changed.add(runId))
      const running = new Set<string>()
      let release: (() => void) | undefined
      // The keeper is held only while something runs.
      async function holdForRunning(): Promise<void> {
        if (running.size > 0) {
          release ??= await keeper.hold(owner, [...running])
          return
        }
        release?.()
        release = undefined
      }
      abort?.addEventListener('abort', onAbort)
      try {
        abort?.throwIfAborted()
        const runs = await list()
        for (const run of runs) if (isUnended(run)) running.add(run.runId)
        await holdForRunning()
        yield { kind: 'all', runs }
        for (;;) {
          const runId = await changed.next()
          const run = await inspect(runId)
          if (isUnended(run)) running.add(runId)
          else running.delete(runId)
          await holdForRunning()
          yield { kind: 'run', runId, run }
        }
      } finally {
        abort?.removeEventListener('abort', onAbort)
        release?.()
        close()
      }
    },

    regions: async () => [],

    async removeNetwork(network) {
      for (const runId of await readdir(folders.runsOf(owner)).catch(() => [])) {
        if ((await readRecord(folderOf(runId), 'run.json'))?.network === network) return false
      }
      await networks.remove(network)
      return true
    },
  }
}

async function readFiles(folder: string): Promise<FileSpec[]> {
  const files = JSON.parse(await readFile(join(folder, 'files.json'), 'utf8')) as (Omit<FileSpec, 'content'> & {
    readonly content: string
  })[]
  return files.map(({ content, ...rest }) => ({ ...rest, content: Buffer.from(content, 'base64') }))
}

function isUnended(run: RunStatus | undefined): boolean {
  return run?.state === 'running' || run?.state === 'paused'
}
