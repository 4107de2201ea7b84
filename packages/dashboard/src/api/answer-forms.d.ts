// What the build makes of the contract's schemas.
declare module 'virtual:answer-forms' {
  import type { AnswerForms } from './check-answer.ts'

  const forms: AnswerForms
  export { forms as default }
}
