import { currentUserId } from '@/current-user'

export async function GET(): Promise<Response> {
  const userId = await currentUserId()
  return userId === null ? new Response(null, { status: 401 }) : Response.json({ userId })
}
