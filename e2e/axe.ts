// What axe finds in a page. Axe is loaded into a page once: loading it takes as long as half a dozen looks.
import { createRequire } from 'node:module'

import type * as Axe from 'axe-core'
import type { Page } from 'playwright-core'

const { source } = createRequire(import.meta.url)('axe-core') as typeof Axe

/** What breaks the rules, of all rules or of those named; each with the elements. */
export async function violationsIn(page: Page, ...rules: readonly string[]): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source)
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { readonly axe: typeof Axe }
    const options = only.length === 0 ? {} : { runOnly: [...only] }
    const { violations } = await axe.run(document, { ...options, resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }, rules)
}
