// The users of a run are not those of the machine: root in a run is a user id that owns only files of runs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'

import { EngineError } from '../engine-error.ts'
import { env } from './programs.ts'

/** Root of every run; the numbers after it are its other users. Above those that machines give to people and services. */
export const firstUser = 1_996_488_704
const users = 65_536

/** An idle process in a new user namespace, until it is released or we end. */
export async function holdUserNamespace(): Promise<{ readonly pid: number; release(): void }> {
  const holder = spawn('unshare', ['--user', 'sh', '-c', 'echo; exec cat'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
  holder.stdin.on('error', () => {})
  const failed = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(new EngineError('failed', 'The engine could not make a user namespace'))
    holder.once('error', fail)
    holder.once('exit', fail)
  })
  failed.catch(() => {})
  await Promise.race([once(holder.stdout, 'data'), failed])
  const pid = holder.pid ?? 0
  const map = `0 ${firstUser} ${users}`
  await writeFile(`/proc/${pid}/uid_map`, map)
  await writeFile(`/proc/${pid}/gid_map`, map)
  return { pid, release: () => holder.kill('SIGKILL') }
}
