// The guard's public face.
export { createGuard, type Asker, type Guard, type GuardOptions, type GuardState } from './guard.ts'
export { VerifiedToken, type Refusal, type RefusalCode, type Verdict, type Verification } from './verdict.ts'
