// The last use of a token, a login or a passkey, as answers have it.
import { z } from 'zod'

import { timestamp } from './text.ts'

export const lastUse = {
  last_used_at: timestamp
    .nullable()
    .describe('Allowed or refused; up to a minute late. Null where no use is known since last_use_known_since.'),
  last_used_ip: z
    .string()
    .nullable()
    .describe('The address of who asked; its network where the operator keeps no more; a machine at its own socket.'),
  last_used_operation: z.string().nullable().describe('What was asked, as the audit trail names it.'),
  last_used_agent: z.string().nullable().describe('The program, as it called itself; a browser in words.'),
}
