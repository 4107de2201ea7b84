// The route of a command with its input and output over a WebSocket. No cookie counts, and no page in a browser may open one.
import { expiryHeader } from '@hallpass/client'
import { commandHeader } from '@hallpass/client/command-stream'
import { routes } from '@hallpass/client/contract'
import { parseJson } from '@hallpass/client/json'
import type { FastifyInstance, FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import { openCommand } from '../../operations/machines/open-command.ts'
import { authenticateFirst } from '../http/authenticate-first.ts'
import type { ContractDoor } from '../http/contract-route.ts'
import { InvalidInput, describeError } from '../http/errors.ts'
import { openExchange } from '../http/exchange.ts'
import { parse } from '../http/parse.ts'
import { endOf } from '../http/tell-end.ts'
import { acceptSocket, findHindrance, usualPatience, type CommandSocket } from './command-socket.ts'
import { nameOf } from './read.ts'

export function openCommandRoute(server: FastifyInstance, { environment, authenticate, admit }: ContractDoor): void {
  const route = routes.openCommand
  const { options, presentedBy } = authenticateFirst(authenticate, ({ headers }) => headers.authorization)
  server.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...options,
    async handler(request, reply) {
      if (request.headers.origin !== undefined) {
        throw new DomainError('forbidden', 'no page of a browser may run commands: send the request without "origin"')
      }
      const params = parse(route.params, request.params, 'the path')
      const { command: argv, terminal } = readStart(request.headers[commandHeader])
      const presented = presentedBy(request)
      admit?.(route, params, presented)
      let socket: CommandSocket | undefined
      try {
        const { exitCode = 0 } = await openExchange(environment, presented, request).perform(openCommand, {
          ...nameOf(params),
          argv,
          terminal,
          hindrance: findHindrance(request.raw),
          async accept() {
            socket = await acceptSocket(request.raw, answerHeaders(request), usualPatience)
            void reply.hijack()
            return socket
          },
        })
        socket?.end({ exit_code: exitCode })
      } catch (error) {
        if (socket === undefined) throw error
        const described = describeError(error, request)
        if (described.code === 'internal') environment.report(error, request.id)
        socket.end({ error: { ...described, request_id: request.id } })
      }
      return reply
    },
  })
}

function answerHeaders(request: FastifyRequest): readonly string[] {
  const end = endOf(request)
  return [`fly-request-id: ${request.id}`, ...(end === undefined ? [] : [`${expiryHeader}: ${end}`])]
}

function readStart(header: string | string[] | undefined) {
  if (typeof header !== 'string') throw new InvalidInput(`the header ${commandHeader} is missing`, commandHeader)
  const place = `the header ${commandHeader}`
  try {
    return parse(routes.openCommand.command, parseJson(Buffer.from(header, 'base64url').toString()), place)
  } catch (error) {
    if (error instanceof InvalidInput) throw error
    throw new InvalidInput(`${place} is not base64url of JSON, with each member once`, commandHeader)
  }
}
