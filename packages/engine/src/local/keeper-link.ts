// Reaches the keeper of a directory, and begins it where there is none.
import { spawn } from 'node:child_process'
import { createConnection, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'

import { EngineError } from '../engine-error.ts'
import type { Folders } from './folders.ts'
import { scriptOfSwitchboard } from './networks.ts'
import { env, quote } from './programs.ts'

export interface KeeperLink {
  /** Once it has resolved, the keeper stores the run's output, and sees its end. */
  attach(owner: string, runId: string): Promise<void>
  /**
   * Until it is stopped, a keeper that dies is started again. It adopts the runs that were started, even if their
   * starter was killed before it could notify the keeper.
   */
  hold(owner: string, runIds: readonly string[]): Promise<() => void>
  /**
   * If this process ends before it says that the command is over, in whatever way, the keeper kills the command with all that it
   * began.
   */
  holdCommand(owner: string, runId: string, command: string): Promise<() => void>
}

export function createKeeperLink(folders: Folders, timeoutMs: number): KeeperLink {
  // A keeper that ends has the lock a moment longer than it listens.
  const words = ['--timeout', '0.9', '--no-fork', folders.lock]
  const script = `${scriptOfSwitchboard(folders)}\nexec nsenter --net=${quote(folders.switchboard)} "$@"`
  const isCompiled = import.meta.url.endsWith('.js')
  const main = fileURLToPath(new URL(isCompiled ? './keeper-main.js' : './keeper-main.ts', import.meta.url))

  function begin(): void {
    const keeper = spawn('flock', [...words, 'sh', '-ec', script, 'keeper', process.execPath, main, folders.root], {
      env,
      // It must not keep its parent alive, for example a terminal.
      detached: true,
      stdio: 'ignore',
      cwd: '/',
    })
    keeper.on('error', () => {})
    keeper.unref()
  }

  async function connect(): Promise<Socket> {
    const end = Date.now() + timeoutMs
    for (let attempt = 0; ; attempt += 1) {
      const socket = await dial(folders.socket)
      if (socket !== undefined) return socket
      // Of several that are started one gets the lock. It may end just when it is called.
      if (attempt % 50 === 0) begin()
      if (Date.now() > end) throw new EngineError('unavailable', 'The keeper of the local engine does not answer')
      await pause(20)
    }
  }

  /** @param last what the keeper is told when it is stopped */
  async function hold(lines: readonly string[], last: string): Promise<() => void> {
    let isHeld = true
    let socket: Socket | undefined
    const again = async (): Promise<void> => {
      socket = await connect()
      // It must not keep a program from ending.
      socket.unref()
      socket.once('close', () => {
        if (isHeld) again().catch(() => {})
      })
      for (const line of lines) socket.write(`${line}\n`)
      socket.resume()
      if (!isHeld) socket.end(last)
    }
    await again()
    return () => {
      isHeld = false
      socket?.end(last)
    }
  }

  return {
    async attach(owner, runId) {
      for (;;) {
        const socket = await connect()
        const isTaken = await new Promise<boolean>((resolve) => {
          socket.once('data', () => resolve(true))
          // It ended just now because it had nothing to do.
          socket.once('close', () => resolve(false))
          socket.write(`${owner}/${runId}\n`)
        })
        socket.destroy()
        if (isTaken) return
      }
    },

    hold: (owner, runIds) =>
      hold(
        runIds.map((runId) => `${owner}/${runId}`),
        '',
      ),
    holdCommand: (owner, runId, command) => hold([`${owner}/${runId}/${command}`], `${over}\n`),
  }
}

/** Tells the keeper that the commands of the connection are over. */
export const over = 'over'

function dial(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => resolve(socket))
    socket.on('error', () => resolve(undefined))
  })
}
