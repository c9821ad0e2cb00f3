import { SessionUnknownError } from './errors.ts'

/** Asks for a change again, once, when KV does not say whether it was made. Made twice, it has to come to the same. */
export function onceMore<Result>(change: () => Promise<Result>): Promise<Result> {
  return change().catch((error: unknown) => {
    if (error instanceof SessionUnknownError) return change()
    throw error
  })
}
