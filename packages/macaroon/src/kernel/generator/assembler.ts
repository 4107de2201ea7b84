/** Puts functions, memory and data together into the binary of a WebAssembly module. */

import { asciiBytes, type Code, unsignedLeb } from './instructions.ts'

export interface Func {
  /** Under what name it is exported; undefined for what only other functions call. */
  readonly name?: string
  readonly params: readonly number[]
  readonly results: readonly number[]
  readonly locals: readonly number[]
  readonly code: Code
}

interface Module {
  readonly functions: readonly Func[]
  /** Of 64 KiB each, exported as `memory`; it never grows. */
  readonly pages: number
  /** What stands at the beginning of the memory. */
  readonly data: Uint8Array
}

export function assemble({ functions, pages, data }: Module): Uint8Array {
  const exported = functions.flatMap(({ name }, index) =>
    name === undefined ? [] : [[...text(name), 0x00, ...unsignedLeb(index)]],
  )
  return Uint8Array.from([
    ...magicAndVersion,
    ...section(1, vector(functions.map(({ params, results }) => [0x60, ...bytes(params), ...bytes(results)]))),
    ...section(3, vector(functions.map((_, index) => unsignedLeb(index)))),
    ...section(5, vector([[0x01, ...unsignedLeb(pages), ...unsignedLeb(pages)]])),
    ...section(7, vector([[...text('memory'), 0x02, 0x00], ...exported])),
    ...section(10, vector(functions.map(body))),
    ...section(11, vector([[0x00, 0x41, 0x00, 0x0b, ...bytes([...data])]])),
  ])
}

const magicAndVersion: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

function section(id: number, content: Code): Code {
  return [id, ...bytes(content)]
}

function vector(items: readonly Code[]): Code {
  return [...unsignedLeb(items.length), ...items.flat()]
}

function bytes(content: Code): Code {
  return [...unsignedLeb(content.length), ...content]
}

function text(name: string): Code {
  return bytes(asciiBytes(name))
}

function body({ locals, code }: Func): Code {
  return bytes([...vector(locals.map((type) => [1, type])), ...code, 0x0b])
}
