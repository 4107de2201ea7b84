// Where a page breaks, or a file of it cannot be fetched: says so, and offers what helps.
import { Component, type ReactNode } from 'react'

import { Button } from '../ui/button.tsx'

interface State {
  readonly hasFailed: boolean
}

export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { hasFailed: false }

  static getDerivedStateFromError(): State {
    return { hasFailed: true }
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children
    return (
      <div role="alert" className="mx-auto flex max-w-140 flex-col items-start gap-3 px-5 py-24">
        <h1 className="text-title font-semibold tracking-tight">This page could not be shown</h1>
        <p className="text-muted">
          A part of it could not be fetched, or it made a mistake. Hallpass may have been updated meanwhile: reload the
          page.
        </p>
        <Button kind="primary" onClick={() => location.reload()}>
          Reload
        </Button>
      </div>
    )
  }
}
