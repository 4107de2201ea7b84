/** Commands: only these command lines in a machine. */

import type { Command, Commands } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { expectArray, expectObject, type JsonPath, jsonError, type JsonValue, quoteShortly } from '../json.ts'
import { expectList, readTexts, textsFromJson, writeTexts } from './texts.ts'

export const commands: CaveatCodec<Commands> = {
  type: 'Commands',
  number: 27n,
  decode(reader) {
    if (reader.takeNil()) return { type: 'Commands', commands: null }
    const list: Command[] = []
    for (let left = reader.readArrayLength(); left > 0; left -= 1) {
      reader.expectArray(2, 'a command')
      list.push({ args: readTexts(reader), exact: reader.readBoolean() })
    }
    return { type: 'Commands', commands: list }
  },
  encode(writer, caveat) {
    if (caveat.commands === null) return writer.writeNil()
    const list = expectList(caveat.commands)
    writer.writeArrayLength(list.length)
    for (const command of list) {
      writer.writeArrayLength(2)
      writeTexts(writer, command.args)
      writer.writeBoolean(command.exact)
    }
  },
  prohibits(caveat, access) {
    const allowed = describeCommands(caveat.commands ?? [])
    const attempted = access.command
    if (attempted === undefined) {
      return { kind: 'unspecified', reason: `Commands allows ${allowed}, and this runs none` }
    }
    if (caveat.commands?.some((command) => covers(command, attempted)) === true) return undefined
    return { kind: 'resource', reason: `Commands allows ${allowed}, and this runs ${describeArgs(attempted)}` }
  },
}

export const commandsJson: CaveatJson<Commands> = {
  toJson: (caveat) => caveat.commands?.map(commandToJson) ?? null,
  fromJson: (value, path) => ({
    type: 'Commands',
    commands: value === null ? null : expectArray(value, path).map((item, i) => commandFromJson(item, `${path}[${i}]`)),
  }),
}

function covers(command: Command, attempted: readonly string[]): boolean {
  const args = command.args ?? []
  if (args.length > attempted.length) return false
  if (command.exact && args.length !== attempted.length) return false
  return args.every((arg, i) => arg === attempted[i])
}

function commandToJson(command: Command): JsonValue {
  const fields = new Map<string, JsonValue>([['args', command.args]])
  return command.exact ? fields.set('exact', true) : fields
}

function commandFromJson(value: JsonValue, path: JsonPath): Command {
  const body = expectObject(value, path, ['args'], ['exact'])
  const exact = body.get('exact') ?? false
  if (typeof exact !== 'boolean') throw jsonError(`${path}.exact`, 'must be true or false')
  return { args: textsFromJson(body.get('args'), `${path}.args`), exact }
}

function describeCommands(list: readonly Command[]): string {
  if (list.length === 0) return 'no command at all'
  const texts = list.slice(0, 5).map(({ args, exact }) => {
    if (args === null || args.length === 0) return exact ? 'the empty command' : 'any command'
    return describeArgs(args) + (exact ? '' : ' …')
  })
  return texts.includes('any command') ? 'any command' : `only ${texts.join(' or ')}`
}

function describeArgs(args: readonly string[]): string {
  return `[${args.slice(0, 10).map(quoteShortly).join(' ')}]`
}
