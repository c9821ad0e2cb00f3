import { signIn } from '@/layer/session'

/** Signs in a new user and answers `{ userId }`. */
export function POST(): Promise<Response> {
  return signIn()
}
