// Bytes to a server and bytes back, for what no HTTP client would send.
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Writes the parts one after another, and reads until the server closes; fails where it never does. */
export async function speak(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk
  })
  // Whoever is hung up on while still writing hears a reset: what came before it counts.
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', resolve))
  for (const part of parts) {
    if (!socket.destroyed) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
    if (parts.length > 1) await pause(5)
  }
  const patience = new AbortController()
  const hung = pause(60_000, 'hung', { signal: patience.signal }).catch(() => 'closed')
  const how = await Promise.race([closed.then(() => 'closed'), hung])
  patience.abort()
  socket.destroy()
  if (how === 'hung') throw new Error(`the server neither answers nor closes; it has said: ${received.slice(0, 200)}`)
  return received
}

/** Writes what is given and goes away without waiting. */
export async function speakAndLeave(url: string, text: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.write(Buffer.from(text, 'latin1'), () => socket.destroy())
  })
}

/** A request whose head the server has read, and whose body it is still waiting for. */
export interface HalfRequest {
  /** Sends the body, and reads the answer until the server closes. */
  finish(): Promise<string>
  /** Goes away without the body. */
  leave(): Promise<void>
}

/** Sends the head of a POST, and waits for the server to ask for the rest. */
export async function beginPost(url: string, path: string, token: string, body: unknown): Promise<HalfRequest> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const text = JSON.stringify(body)
  let received = ''
  const closed = new Promise<void>((resolve) => socket.once('close', resolve))
  const asked = new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk
      if (received.startsWith('HTTP/1.1 100')) resolve()
    })
  })
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\nexpect: 100-continue\r\n\r\n`,
  )
  await asked
  return {
    async finish() {
      socket.write(text)
      await closed
      return received
    },
    async leave() {
      socket.destroy()
      await closed
    },
  }
}

/** The statuses of the answers in what was received, in order. */
export function statusesIn(received: string): readonly number[] {
  // Not at the start of a line: a body ends without one.
  return [...received.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status))
}
