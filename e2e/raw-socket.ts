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
  const hung = pause(15_000, 'hung', { signal: patience.signal }).catch(() => 'closed')
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

/** The statuses of the answers in what was received, in order. */
export function statusesIn(received: string): readonly number[] {
  // Not at the start of a line: a body ends without one.
  return [...received.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status))
}
