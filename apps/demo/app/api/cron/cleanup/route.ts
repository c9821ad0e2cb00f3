import { createHash, timingSafeEqual } from 'node:crypto'
import { problem } from '@/problem'
import { publicRoute } from '@/session'

/** Vercel calls this as vercel.json says. KV drops expired sessions by itself; a SQL store would be cleaned here. */
export const GET = publicRoute((request) => {
  const secret = process.env.CRON_SECRET
  const given = request.headers.get('authorization') ?? ''
  if (!secret || !timingSafeEqual(digest(given), digest(`Bearer ${secret}`))) {
    return problem(401, { title: 'This is for the scheduler', code: 'ERR_CRON_SECRET' })
  }
  return Response.json({ cleaned: 0 })
})

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
