import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Every regular file in a directory and those in it; none if there is no such directory. */
export function filesBelow(directory: string): readonly string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : []
  })
}
