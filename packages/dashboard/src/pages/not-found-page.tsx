// An address that no page has.
import { LinkButton } from '../ui/button.tsx'

export function NotFoundPage() {
  return (
    <main id="main" className="mx-auto flex max-w-140 flex-col items-start gap-3 px-5 py-24">
      <title>Not found · Hallpass</title>
      <h1 className="text-title font-semibold tracking-tight">There is no such page</h1>
      <p className="text-muted">The address is wrong, or the page no longer exists.</p>
      <LinkButton href="/" kind="primary">
        Go to your tokens
      </LinkButton>
    </main>
  )
}
