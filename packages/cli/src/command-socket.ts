// Opens the WebSocket of a command in a machine, with the proxies and errors of other requests.
import type { Client, Fetch } from '@hallpass/client'
import { commandHeader, commandProtocol, longestMessage, type TerminalSize } from '@hallpass/client/command-stream'
import type { WebSocket } from 'ws'

import type { NamedMachine } from './commands/machine/find-machine.ts'
import type { Environment } from './environment.ts'
import { readProxies } from './proxies.ts'
import { createFetch, readable } from './transport.ts'

export interface Dialer {
  /** The `fetch` for its client. */
  readonly fetch: Fetch
  /** Starts a command. The socket reads nothing until it is resumed. */
  open(client: Client, name: NamedMachine, start: CommandStart): Promise<WebSocket>
}

interface CommandStart {
  readonly command: readonly string[]
  readonly terminal?: TerminalSize
}

/** For all other requests of its client. */
export function createDialer(environment: Environment): Dialer {
  const ask = createFetch(environment)
  let header: string | undefined
  let opened: WebSocket | undefined

  const dial: Fetch = async (address, { headers, signal }) => {
    const { WebSocket } = await import('ws')
    const url = new URL(address)
    const { Agent } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
    const socket = new WebSocket(address.replace(/^http/, 'ws'), commandProtocol, {
      headers: { ...headers, [commandHeader]: header },
      agent: new Agent({ proxyEnv: readProxies(environment)(url) }),
      maxPayload: longestMessage,
      perMessageDeflate: false,
    })
    return new Promise((resolve, reject) => {
      const abort = () => {
        reject(signal.reason as Error)
        socket.terminate()
      }
      signal.addEventListener('abort', abort)
      socket.once('open', () => {
        signal.removeEventListener('abort', abort)
        socket.pause()
        opened = socket
        resolve({ ok: true, status: 101, headers: { get: () => null }, body: null })
      })
      socket.once('unexpected-response', (_request, response) => resolve(readable(response)))
      socket.on('error', reject)
    })
  }

  return {
    fetch: (address, request) => (header === undefined ? ask(address, request) : dial(address, request)),
    async open(client, name, start) {
      header = Buffer.from(JSON.stringify(start)).toString('base64url')
      try {
        await client.openCommand(name)
      } finally {
        header = undefined
      }
      if (opened === undefined) throw new Error('a WebSocket was opened by another client')
      return opened
    },
  }
}
