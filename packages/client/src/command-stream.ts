// How a WebSocket carries a command: the first byte of each message is its channel, as in Kubernetes.
import type { ApiErrorCode } from './errors.ts'

/** The subprotocol that both sides name. */
export const commandProtocol = 'v1.exec.hallpass'

/** The header of the upgrade that says what is run: base64url of JSON. An address would end up in logs. */
export const commandHeader = 'hallpass-command'

/** The channel: what the other bytes of a message are. */
export const channels = {
  input: 0,
  stdout: 1,
  stderr: 2,
  /** JSON, once, at the end: {@link CommandStatus}. */
  status: 3,
  /** JSON: {@link TerminalSize}. */
  size: 4,
  /** The number of a channel that has ended: the input's. */
  end: 255,
} as const

/** Bytes of one message. */
export const longestMessage = 64 * 1024

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

export type CommandStatus =
  | { readonly exit_code: number }
  | { readonly error: { readonly code: ApiErrorCode; readonly message: string; readonly request_id: string } }

/** A message of this channel. */
export function writeMessage(channel: number, bytes: Uint8Array): Uint8Array {
  const message = new Uint8Array(bytes.length + 1)
  message[0] = channel
  message.set(bytes, 1)
  return message
}
