// Shown instead of what could not be loaded: what happened, what to do, and the request id.
import { Button } from './button.tsx'
import { describeFailure, requestIdOf } from './failure-words.ts'

interface FailureProps {
  readonly what: string
  readonly error: Error
  readonly busy?: boolean
  readonly onRetry: () => void
}

export function Failure({ what, error, busy = false, onRetry }: FailureProps) {
  const requestId = requestIdOf(error)
  return (
    <div role="alert" className="flex flex-col items-start gap-3 rounded-card border border-line px-5 py-6">
      <h2 className="text-large font-semibold">{what} could not be loaded</h2>
      <p className="text-muted wrap-anywhere">{describeFailure(error)}</p>
      {requestId !== undefined && (
        <p className="text-small text-muted">
          Request <code className="font-mono wrap-anywhere">{requestId}</code>
        </p>
      )}
      <Button busy={busy} onClick={onRetry}>
        Try again
      </Button>
    </div>
  )
}
