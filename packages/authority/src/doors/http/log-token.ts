// How far a client has read the logs of machines, as text that it sends back: opaque to clients, and parsed strictly.
import { InvalidInput } from './errors.ts'

/** How far each machine has been read, as {@link writeLogToken} wrote it. @throws InvalidInput */
export function readLogToken(text: string | undefined): ReadonlyMap<string, string> {
  if (!text) return new Map()
  const parts = Buffer.from(text, 'base64url').toString('latin1').split(' ')
  return new Map(
    parts.map((part) => {
      const [, id, at] = /^([0-9a-f]{14})=([\d:.TZ-]{20,35})$/.exec(part) ?? []
      if (id === undefined || at === undefined)
        throw new InvalidInput('next_token is not one of this authority', 'next_token')
      return [id, at]
    }),
  )
}

export function writeLogToken(read: ReadonlyMap<string, string>): string {
  return Buffer.from([...read].map(([id, at]) => `${id}=${at}`).join(' ')).toString('base64url')
}
