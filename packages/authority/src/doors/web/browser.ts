// What is remembered of a browser that opens a session.
import type { FastifyRequest } from 'fastify'

import { describeUserAgent } from '../../domain/session-label.ts'
import type { SessionOrigin } from '../../domain/user.ts'

export function browserOf(request: FastifyRequest): SessionOrigin {
  return { kind: 'web', label: describeUserAgent(request.headers['user-agent']) }
}
