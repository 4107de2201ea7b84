// What a session records about the browser that opens it.
import type { FastifyRequest } from 'fastify'

import { describeUserAgent } from '../../domain/session-label.ts'
import type { SessionOrigin } from '../../domain/user.ts'

export function browserOf(request: FastifyRequest): SessionOrigin {
  return { kind: 'web', label: describeUserAgent(request.headers['user-agent']) }
}
