import { cache } from 'react'
import { currentUserId as ask } from '@/layer/session'

/** With `REACT_CACHE=1` the layout and the page of one request share an answer, as Next.js recommends. */
export const currentUserId: () => Promise<string | null> = process.env.REACT_CACHE === '1' ? cache(ask) : ask
