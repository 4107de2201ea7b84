// The keeper outlives the engine's driver: it stores the output of runs, records how they end, and answers their names.
import { existsSync, watch, type FSWatcher } from 'node:fs'
import { readdir, readFile, rm, stat, unlink } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

import { openControlGroups, type ControlGroups } from './control-groups.ts'
import { foldersOf, type Folders } from './folders.ts'
import { openLog } from './log-writer.ts'
import { over } from './keeper-link.ts'
import { startNameServer, type NameServer } from './name-server.ts'
import { createNetworks, removeSwitchboard } from './networks.ts'
import { openPipe, readPipe } from './pipes.ts'
import { readRecord, writeRecord } from './records.ts'

/** Serves one directory until it has nothing to do. Only one may do so at a time. */
export async function keep(directory: string): Promise<void> {
  const folders = foldersOf(directory)
  const groups = await openControlGroups(`hallpass-${folders.mark}`)
  if (groups === undefined) throw new Error('there are no control groups to write to')
  await groups.prepare()
  await groups.enterMonitors(process.pid)
  const lock = await lockOf(folders)
  const attached = new Map<string, Promise<void>>()
  try {
    await serve(folders, groups, attached)
  } finally {
    // If the directory was removed and made again meanwhile, its new keeper has what is shared.
    const now = await lockOf(folders)
    if (attached.size === 0 && (now === undefined || now === lock)) {
      await removeSwitchboard(folders)
      await groups.disband()
    }
  }
}

const idleMs = 2000

/** Distinguishes the lock from one that is made later; undefined if it is removed. */
async function lockOf({ lock }: Folders): Promise<number | undefined> {
  return (await stat(lock).catch(() => undefined))?.ino
}

/** @param attached the runs that it watches, by name, each until it has ended */
async function serve(folders: Folders, groups: ControlGroups, attached: Map<string, Promise<void>>): Promise<void> {
  const names = startNameServer()
  const clients = new Set<Socket>()
  let timer: NodeJS.Timeout | undefined

  function attach(owner: string, runId: string): void {
    const key = `${owner}/${runId}`
    if (attached.has(key)) return
    const ended = keepRun({ folders, groups, names, owner, runId })
      .catch((error: unknown) => console.error(error))
      .finally(() => {
        attached.delete(key)
        endIfIdle()
      })
    attached.set(key, ended)
  }

  /** Its program is gone. What had not entered the group yet cannot once the group is gone. */
  async function endCommand(group: string, command: string): Promise<void> {
    do await groups.kill(group, command)
    while (!(await groups.removeCommand(group, command)))
  }

  function endIfIdle(): void {
    clearTimeout(timer)
    if (attached.size > 0 || clients.size > 0) return
    // The next run may come at once.
    timer = setTimeout(() => server.close(), idleMs)
  }

  await rm(folders.socket, { force: true })
  const server: Server = createServer((client) => {
    clients.add(client)
    clearTimeout(timer)
    let text = ''
    const commands: [group: string, command: string][] = []
    client.setEncoding('utf8').on('data', (part: string) => {
      text += part
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const [owner = '', runId = '', command = ''] = text.slice(0, end).split('/')
        text = text.slice(end + 1)
        if (runId !== '') attach(owner, runId)
        if (command !== '') commands.push([`${owner}.${runId}`, command])
        if (owner === over && runId === '') commands.length = 0
        client.write('ok\n')
      }
    })
    client.on('error', () => {})
    client.on('close', () => {
      clients.delete(client)
      for (const [group, command] of commands)
        endCommand(group, command).catch((error: unknown) => console.error(error))
      endIfIdle()
    })
  })
  // The starter of the keeper waits for this socket, so all earlier runs are adopted before.
  for (const owner of await readdir(folders.runs).catch(() => [])) {
    for (const runId of await readdir(folders.runsOf(owner))) {
      const folder = folders.run(owner, runId)
      const isStarted = (await readRecord(folder, 'start.json')) !== undefined
      if (isStarted && (await readRecord(folder, 'exit.json')) === undefined) attach(owner, runId)
    }
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(folders.socket, resolve)
  })
  // The caller may be gone.
  endIfIdle()
  await rm(folders.trash, { recursive: true, force: true }).catch(() => {})
  await new Promise<void>((resolve) => {
    server.once('close', resolve)
  })
  // The last caller may have added a run.
  while (attached.size > 0) await Promise.all(attached.values())
  clearTimeout(timer)
  names.close()
}

interface Kept {
  readonly folders: Folders
  readonly groups: ControlGroups
  readonly names: NameServer
  readonly owner: string
  readonly runId: string
}

/** Until all that could write in the run has ended. */
async function keepRun({ folders, groups, names, owner, runId }: Kept): Promise<void> {
  const folder = folders.run(owner, runId)
  const group = `${owner}.${runId}`
  const streams = ['stdout', 'stderr'] as const
  // Asked at once: a run may end as soon as its starter has our answer.
  if (!existsSync(join(folder, 'start.json')) || existsSync(join(folder, 'exit.json'))) return
  const pipes = streams.map((stream) => openPipe(join(folder, stream)))
  const [record, start] = [await readRecord(folder, 'run.json'), await readRecord(folder, 'start.json')]
  const { network, names: known = [] } = record ?? {}
  if (start?.address !== undefined) names.add(group, start.address, known)
  const log = openLog(folder)
  const watcher = watchEnd(folder, () => {
    // Remaining processes must not outlive the main process.
    groups.kill(group).catch((error: unknown) => console.error(error))
  })
  await Promise.all(streams.map((stream, index) => readPipe(pipes[index] ?? -1, (bytes) => log.write(stream, bytes))))
  watcher.close()
  log.close()
  names.remove(group)
  await groups.kill(group)
  const code = await readCode(folder)
  const oomKilled = await groups.ranOut(group)
  const problem = problemOf(log.lastError(), code)
  const exit = {
    code: problem?.code ?? code ?? 137,
    oomKilled,
    at: new Date().toISOString(),
    problem: problem?.sentence,
  }
  if (start !== undefined && network !== undefined && start.address !== undefined) {
    await createNetworks(folders, owner).giveBack(network, runId, start.address)
  }
  await groups.remove(group)
  await writeRecord(folder, 'exit.json', exit).catch(() => {})
  for (const stream of streams) await unlink(join(folder, stream)).catch(() => {})
}

/** Calls once, when bubblewrap has written how the main process ended. */
function watchEnd(folder: string, onEnd: () => void): FSWatcher {
  let isOver = false
  const look = async (): Promise<void> => {
    if (isOver || (await readCode(folder)) === undefined || isOver) return
    isOver = true
    onEnd()
  }
  const watcher = watch(join(folder, 'status'), () => void look()).on('error', () => {})
  void look()
  return watcher
}

async function readCode(folder: string): Promise<number | undefined> {
  const [, code] = /"exit-code": (\d+)/.exec(await readFile(join(folder, 'status'), 'utf8').catch(() => '')) ?? []
  return code === undefined ? undefined : Number(code)
}

/** Bubblewrap ends with 1 if it cannot run the command, and says why; callers expect the codes of shells. */
function problemOf(
  lastError: string,
  code: number | undefined,
): { readonly code: number; readonly sentence: string } | undefined {
  if (code !== undefined && code !== 1) return undefined
  const [, command, why] = /^bwrap: execvp (.*): ([^:]+)$/.exec(lastError) ?? []
  if (why !== undefined) {
    return { code: /no such file/i.test(why) ? 127 : 126, sentence: `The command ${command} cannot be run: ${why}` }
  }
  const [, words] = /^(?:bwrap|setpriv|nsenter): (.*)$/.exec(lastError) ?? []
  if (words !== undefined) return { code: 126, sentence: `The run could not be started: ${words}` }
  return code === undefined ? { code: 137, sentence: lost } : undefined
}

const lost = 'The run was lost: the machine was restarted, or what watches over the run was killed'
