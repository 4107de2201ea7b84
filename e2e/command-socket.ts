// A client of a command in a machine, by the WebSocket of its own that any program can open.
import { channels, commandHeader, commandProtocol, writeMessage } from '@hallpass/client/command-stream'
import { WebSocket } from 'ws'

import type { Answer } from './http.ts'

export interface Start {
  readonly command: readonly string[]
  readonly terminal?: { readonly rows: number; readonly columns: number }
}

export function startOf(start: Start): Readonly<Record<string, string>> {
  return { [commandHeader]: Buffer.from(JSON.stringify(start)).toString('base64url') }
}

export interface OpenedCommand {
  readonly socket: WebSocket
  /** What it wrote until now. */
  readonly said: () => string
  type(text: string): void
  send(channel: keyof typeof channels, bytes: string | Uint8Array): void
  /** Resolves when the connection is closed: what was said of the end, if anything was. */
  readonly ended: Promise<{ readonly status: unknown; readonly code: number }>
}

export interface OpenOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Of a server with TLS, whose certificate nobody has signed. */
  readonly servername?: string
}

/** Opens one. @throws {Refused} where the answer is no WebSocket */
export async function openCommand(
  url: string,
  token: string,
  start: Start,
  { headers = {}, servername }: OpenOptions = {},
): Promise<OpenedCommand> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), commandProtocol, {
    headers: { authorization: `Bearer ${token}`, ...startOf(start), ...headers },
    ...(servername === undefined ? {} : { servername, rejectUnauthorized: false }),
  })
  let [said, status] = ['', undefined as unknown]
  socket.on('message', (data: Buffer) => {
    const text = data.subarray(1).toString()
    if (data[0] === channels.status) status = JSON.parse(text)
    else said += text
  })
  const ended = new Promise<{ readonly status: unknown; readonly code: number }>((resolve) => {
    socket.once('close', (code) => resolve({ status, code }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_request, response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => reject(new Refused(response.statusCode ?? 0, text)))
    })
    socket.on('error', reject)
  })
  const send: OpenedCommand['send'] = (channel, bytes) =>
    socket.send(writeMessage(channels[channel], Buffer.from(bytes)))
  return { socket, said: () => said, send, type: (text) => send('input', text), ended }
}

/** The answer in the place of a WebSocket. */
export class Refused extends Error implements Pick<Answer, 'status' | 'text'> {
  readonly status: number
  readonly text: string

  constructor(status: number, text: string) {
    super(`it was answered ${status}: ${text}`)
    this.status = status
    this.text = text
  }
}
