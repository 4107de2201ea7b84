// Run labels in answers: who used a token, as its holders say.
import { z } from 'zod'

const runLabel = z
  .object({ agent: z.string().optional(), run: z.string().optional(), on_behalf_of: z.string().optional() })
  .meta({
    id: 'RunLabel',
    description: 'Who used a token. It proves that somebody who held the token wrote this then, and no more.',
  })

/** Of the token that did it; absent where it has none. */
export const runLabelFields = {
  run_labels: z
    .array(runLabel)
    .optional()
    .describe('The run labels of the token, in the order in which they were added: the first eight.'),
  more_run_labels: z.number().int().optional().describe('How many more it has.'),
}
const fields = z.object(runLabelFields)
export type RunLabelFields = z.infer<typeof fields>
