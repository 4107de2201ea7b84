// Replaces what node:http does with a socket where that does not suit many requests at once.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Node passes everything that one read brings to its parser at once: a thousand small requests in 64 KiB, and nothing
 * can stop the parser in between. This takes the bytes first; the returned function passes them to the parser.
 */
export function takeReading(socket: Socket, hold: (bytes: Buffer) => void): (bytes: Buffer) => void {
  const [parse] = socket.listeners('data')
  if (parse === undefined) throw new Error('node:http does not listen to its socket')
  // With our listener Node stops reading below JavaScript.
  socket.on('data', hold)
  socket.off('data', parse as (bytes: Buffer) => void)
  // If Node had stopped reading there, the stream does not know it.
  socket._read(0)
  return parse as (bytes: Buffer) => void
}

/**
 * Node ends a connection when its other side closes, and drops unfinished answers. This handles the close instead; the
 * returned function does what Node does.
 */
export function takeEnd(socket: Socket, hear: () => void): () => void {
  const end = socket.listeners('end').find(({ name }) => name.endsWith('socketOnEnd'))
  if (end === undefined) throw new Error('node:http does not listen to the end of its socket')
  socket.off('end', end)
  socket.on('end', hear)
  return end
}

/**
 * Node drops bytes after the body of a request that offers another protocol, so its sender must not wait for an answer
 * to them.
 */
export function losesWhatFollows({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && headers['content-length'] !== undefined
}

/** Whether Node has paused reading until answers are sent. No public property says so. */
export function hasPausedParser(socket: Socket): boolean {
  return (socket as Socket & { readonly _paused?: boolean })._paused === true
}
