// Parts of pages in files of their own: what is shown while one loads, and how to recover if it fails.
import { Component, lazy, Suspense, type ComponentType, type ReactNode } from 'react'
import { useLocation } from 'wouter'

import { Button } from './button.tsx'
import { Notice } from './notice.tsx'

class MissingPartError extends Error {
  readonly forget: () => void

  constructor(cause: unknown, forget: () => void) {
    super('a part of the page could not be fetched', { cause })
    this.forget = forget
  }
}

/** A component of a file that is fetched when it is first shown; where that failed, once more when it is shown again. */
export function lazily<Name extends string, Props extends object>(
  load: () => Promise<{ readonly [N in Name]: ComponentType<Props> }>,
  name: Name,
): ComponentType<Props> {
  const attempt = () =>
    lazy(async (): Promise<{ readonly default: ComponentType<Props> }> => {
      try {
        return { default: (await load())[name] }
      } catch (cause) {
        throw new MissingPartError(cause, () => (newest = attempt()))
      }
    }) as unknown as ComponentType<Props>
  // React keeps the result of each import for good.
  let newest = attempt()
  return function Lazily(props: Props) {
    const Newest = newest
    return <Newest {...props} />
  }
}

interface FailureProps {
  readonly onTryAgain: () => void
}

interface BoundaryProps {
  readonly path: string
  readonly failure: ComponentType<FailureProps>
  /** What to offer if another try has failed. */
  readonly onFailedAgain?: () => void
  readonly children: ReactNode
}

interface BoundaryState {
  readonly path: string
  readonly hasFailed: boolean
}

/** An error of one page must not show on the next. */
class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { path: this.props.path, hasFailed: false }
  #isTriedAgain = false

  static getDerivedStateFromError(): Partial<BoundaryState> {
    return { hasFailed: true }
  }

  static getDerivedStateFromProps({ path }: BoundaryProps, state: BoundaryState): BoundaryState | null {
    return path === state.path ? null : { path, hasFailed: false }
  }

  override componentDidCatch(error: unknown): void {
    if (!(error instanceof MissingPartError)) return
    error.forget()
    if (this.#isTriedAgain) this.props.onFailedAgain?.()
  }

  override componentDidUpdate({ path }: BoundaryProps): void {
    if (path !== this.props.path) this.#isTriedAgain = false
  }

  override render(): ReactNode {
    const { failure: Failure, children } = this.props
    if (!this.state.hasFailed) return children
    const tryAgain = () => {
      this.#isTriedAgain = true
      this.setState({ hasFailed: false })
    }
    return <Failure onTryAgain={tryAgain} />
  }
}

/** Around a whole page. */
export function PageBoundary({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation()
  return (
    <Boundary path={path} failure={PageFailure} onFailedAgain={reloadIfAnswered}>
      {children}
    </Boundary>
  )
}

/** Some browsers remember a failed import until the page is reloaded. */
function reloadIfAnswered(): void {
  // If the server is down, a reload would lose this page too.
  fetch(location.pathname, { method: 'HEAD' }).then(
    () => location.reload(),
    () => undefined,
  )
}

function PageFailure({ onTryAgain }: FailureProps) {
  return (
    <div role="alert" className="mx-auto flex max-w-140 flex-col items-start gap-3 px-5 py-24">
      <h1 className="text-title font-semibold tracking-tight">This page could not be shown</h1>
      <p className="text-muted">
        A part of it could not be loaded, or it has an error. Try again: Hallpass may have been updated.
      </p>
      <div className="flex gap-2">
        <Button kind="primary" onClick={onTryAgain}>
          Try again
        </Button>
        <Button onClick={() => location.reload()}>Reload</Button>
      </div>
    </div>
  )
}

interface PartProps {
  /** Shown meanwhile, in the size of the content. */
  readonly fallback: ReactNode
  readonly children: ReactNode
}

/** Around a part of a page: if it fails to load, the rest of the page stays as it is. */
export function Part({ fallback, children }: PartProps) {
  const [path] = useLocation()
  return (
    <Boundary path={path} failure={PartFailure}>
      <Suspense fallback={fallback}>{children}</Suspense>
    </Boundary>
  )
}

function PartFailure({ onTryAgain }: FailureProps) {
  return (
    <Notice tone="bad" alert className="m-5 flex flex-wrap items-center justify-between gap-3">
      This part of the page could not be loaded. Try again, or reload the page.
      <Button size="small" onClick={onTryAgain}>
        Try again
      </Button>
    </Notice>
  )
}
