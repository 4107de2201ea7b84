// A port for what has to be known by its address before it listens.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** A port of 127.0.0.1 that is free, and that the system gives to nobody who asks for any: it gives those from 32768 on. */
export async function freePort(): Promise<number> {
  const port = randomInt(11_000, 32_768)
  const server = createServer()
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
  })
  if (!isFree) return freePort()
  await new Promise((resolve) => server.close(resolve))
  return port
}
