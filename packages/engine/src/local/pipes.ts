// Reads what runs write, a piece of each in turn, so that one that floods its output holds up no others.
import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'

/** Opens a named pipe to be read without waiting, and returns its descriptor. */
export function openPipe(path: string): number {
  const pipe = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  // A pipe without writers ends only for a reader that has seen one.
  closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
  return pipe
}

/**
 * Reads until nobody can write any more, and closes the descriptor.
 * @param onBytes gets a piece, which is overwritten once it returns
 */
export function readPipe(descriptor: number, onBytes: (bytes: Buffer) => void): Promise<void> {
  const pipe: Socket = new Socket({
    fd: descriptor,
    readable: true,
    writable: false,
    onread: {
      buffer: shared,
      callback(size, bytes) {
        onBytes(Buffer.from(bytes.buffer, bytes.byteOffset, size))
        // Node would read on for as long as there is something to read, up to 32 times.
        pipe.pause()
        setImmediate(() => pipe.resume())
        return true
      },
    },
  })
  pipe.on('error', () => {})
  return new Promise((resolve) => {
    pipe.once('close', () => resolve())
  })
}

/** A quarter of what a pipe holds: thousands of lines, which are stored in some milliseconds. */
const longestPiece = 16 * 1024
const shared = Buffer.allocUnsafeSlow(longestPiece)
