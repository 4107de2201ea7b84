// Answers the names of runs to the runs of the same private network (DNS over UDP, RFC 1035), and nothing to anybody else.
import { createSocket, type Socket } from 'node:dgram'

import { subnetOfAddress } from './networks.ts'

export interface NameServer {
  add(run: string, address: string, names: readonly string[]): void
  remove(run: string): void
  close(): void
}

/** On all addresses of the network namespace that it runs in. If it may not listen, it answers nobody. */
export function startNameServer(port = 53): NameServer {
  const runs = new Map<string, { readonly address: string; readonly names: ReadonlySet<string> }>()
  const socket: Socket = createSocket('udp4')
  socket.on('error', () => {})
  socket.on('message', (question, { address, port: from }) => {
    // The sender's address identifies the network: no run can use another address.
    const subnet = subnetOfAddress(address)
    const answer = answerOf(question, (name) =>
      [...runs.values()]
        .filter((one) => subnetOfAddress(one.address) === subnet && one.names.has(name))
        .map((one) => one.address),
    )
    if (answer !== undefined) socket.send(answer, from, address, () => {})
  })
  socket.bind(port)
  return {
    add: (run, address, names) => runs.set(run, { address, names: new Set(names.map((name) => name.toLowerCase())) }),
    remove: (run) => runs.delete(run),
    close: () => socket.close(),
  }
}

/** Undefined for what is no question. */
export function answerOf(question: Buffer, find: (name: string) => readonly string[]): Buffer | undefined {
  if (question.length < 17 || question.length > 512) return undefined
  // A standard query with one question.
  if ((question.readUInt8(2) & 0xf8) !== 0 || question.readUInt16BE(4) !== 1) return undefined
  const labels: string[] = []
  let at = 12
  for (;;) {
    const length = question[at] ?? 64
    if (length > 63 || at + 1 + length > question.length) return undefined
    at += 1 + length
    if (length === 0) break
    labels.push(question.toString('latin1', at - length, at))
  }
  if (at + 4 > question.length) return undefined
  const addresses = find(labels.join('.').toLowerCase())
  const isAddress = question.readUInt16BE(at) === typeA
  const given = isAddress ? addresses.slice(0, 25) : []
  const header = Buffer.from(question.subarray(0, 12))
  // An authoritative answer, with the question's recursion flag; 3: there is no such name.
  header.writeUInt8(0x84 | (question.readUInt8(2) & 1), 2)
  header.writeUInt8(addresses.length === 0 ? 3 : 0, 3)
  header.writeUInt16BE(given.length, 6)
  header.writeUInt32BE(0, 8)
  // The name as in the question, class IN, for 5 seconds.
  const records = given.map((address) =>
    Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split('.').map(Number)]),
  )
  return Buffer.concat([header, question.subarray(12, at + 4), ...records])
}

const typeA = 1
