import { type Context, createContext, useContext } from 'react'
import type { ClientSession } from './client-session.ts'
import type { JsonObject } from './record.ts'

/** What `useSession()` gives. `unknown`: the server could not tell; `session` is the last that was known. */
export type CurrentSession<Data = JsonObject> = {
  /**
   * Asks the server now. Only this counts as activity: on a "stay signed in" button it starts the idle time over.
   * Never rejects: failure is the status `unknown`.
   */
  readonly refresh: () => Promise<void>
} & (
  | {
      readonly status: 'active'
      readonly session: ClientSession<Data>
      /** When the session ends, by this device's clock; `null` until `warnBefore` its end, as the server confirmed. */
      readonly endsSoon: Date | null
    }
  | { readonly status: 'none' | 'loading'; readonly session: null; readonly endsSoon: null }
  | {
      readonly status: 'unknown'
      readonly session: ClientSession<Data> | null
      readonly endsSoon: Date | null
    }
)

/** `null` outside of a provider. */
export const Current: Context<CurrentSession<unknown> | null> = createContext<CurrentSession<unknown> | null>(
  null,
)

/**
 * The current session in a client component. A view for display: hiding a button is no protection, the server decides.
 * `Data` is your promise about what the endpoint exposes.
 * @throws Error outside of a `SessionProvider`.
 */
export function useSession<Data = JsonObject>(): CurrentSession<Data> {
  const current = useContext(Current)
  if (current === null) {
    throw new Error(
      'edge-session: useSession() found no SessionProvider. Put one around it, in the root layout.',
    )
  }
  return current as CurrentSession<Data>
}
