// The Machines API: parses by the contract, performs, encodes; and lets nobody ask too often.
import { routes, type MachineRouteName } from '@hallpass/client/contract'
import type { FastifyInstance } from 'fastify'

import { tooMany } from '../../operations/perform/limits.ts'
import { openContractRoute, type AnyHandler, type ContractDoor } from '../http/contract-route.ts'
import type { Handlers } from '../http/handler.ts'
import { controlHandlers } from './control.ts'
import { machineHandlers } from './machines.ts'
import { openCommandRoute } from './open-command.ts'
import { secretHandlers } from './secrets.ts'
import { volumeHandlers } from './volumes.ts'

const handlers: Handlers<Exclude<MachineRouteName, 'openCommand'>> = {
  ...machineHandlers,
  ...controlHandlers,
  ...secretHandlers,
  ...volumeHandlers,
}

export function openMachinesDoor(server: FastifyInstance, door: ContractDoor): void {
  const { machineLimit, machineReadLimit } = door.environment
  // Each holder is counted alone, so that nobody without a right to a machine can keep others from it.
  const admit: ContractDoor['admit'] = ({ operationId, method, status }, params, { tokens, authTokenHashes }) => {
    // Clients release their lease at the end of each command. One that could not would be kept out for minutes.
    if (operationId === 'releaseLease') return
    const holder = tokens[0]?.id ?? authTokenHashes[0] ?? ''
    const limit = method === 'GET' && status !== 101 ? machineReadLimit : machineLimit
    const retryAfter = limit.take([operationId, ...Object.values(params), holder].join(' '))
    if (retryAfter > 0) throw tooMany('requests of this kind about one machine or app', retryAfter)
  }
  for (const [name, handle] of Object.entries<unknown>(handlers)) {
    // As in the REST door: each handler's type is checked in the table.
    openContractRoute(server, { ...door, admit }, routes[name as keyof typeof handlers], handle as AnyHandler)
  }
  openCommandRoute(server, { ...door, admit })
}
