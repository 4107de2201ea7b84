// Reads input that the Machines API accepts in several forms.
import { MacaroonError } from '@hallpass/macaroon'
import { splitShellWords } from '@hallpass/macaroon/narrow'

import type { MachineName } from '../../operations/machines/find-machine.ts'
import { InvalidInput } from '../http/errors.ts'

interface MachineParams {
  readonly app_name: string
  readonly machine_id: string
}

export function nameOf({ app_name, machine_id }: MachineParams): MachineName {
  return { appName: app_name, machineId: machine_id }
}

/** The words of a command that comes as a list, or as one text. @throws InvalidInput */
export function readCommand({
  command,
  cmd,
}: {
  readonly command?: readonly string[] | null | undefined
  readonly cmd?: string | null | undefined
}): readonly string[] {
  if (command != null && cmd) throw new InvalidInput('command and cmd are two ways to say one thing: give one', 'cmd')
  if (command != null) return command
  if (!cmd) throw new InvalidInput('command is missing', 'command')
  try {
    return splitShellWords(cmd)
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    throw new InvalidInput(`cmd ${error.message}`, 'cmd')
  }
}

const waitedFor: ReadonlySet<string> = new Set(['started', 'stopped', 'suspended', 'destroyed', 'failed', 'settled'])

/** The states to wait for. @throws InvalidInput */
export function readStates(given: readonly string[] | undefined): readonly string[] {
  if (given === undefined || given.length === 0) return ['started']
  if (given.every((state) => waitedFor.has(state))) return given
  throw new InvalidInput(`state is none of ${[...waitedFor].join(', ')}`, 'state')
}

export const encodeMachineCursor = (id: string): string => encodeCursor('m', id)
export const encodeVolumeCursor = (id: string): string => encodeCursor('v', id)

/** @throws InvalidInput if the text is not a cursor of a list of machines */
export const decodeMachineCursor = (text: string | undefined): string | undefined =>
  decodeCursor(/^m\.([0-9a-f]{14})$/, text)
/** @throws InvalidInput if the text is not a cursor of a list of volumes */
export const decodeVolumeCursor = (text: string | undefined): string | undefined =>
  decodeCursor(/^v\.(vol_[a-z0-9]{16})$/, text)

function encodeCursor(kind: string, id: string): string {
  return Buffer.from(`${kind}.${id}`).toString('base64url')
}

function decodeCursor(pattern: RegExp, text: string | undefined): string | undefined {
  if (!text) return undefined
  const [, id] = pattern.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? []
  if (id === undefined) throw new InvalidInput('cursor is not one of this list', 'cursor')
  return id
}
