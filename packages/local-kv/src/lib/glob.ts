/** A Redis key pattern (`*`, `?`, `[a-z]`, `[^a]`, `\` escapes) as a regular expression for whole keys. */
export function globToRegExp(glob: string): RegExp {
  let source = ''
  for (let index = 0; index < glob.length; index += 1) {
    const character = glob.charAt(index)
    const classEnd = character === '[' ? glob.indexOf(']', index + 1) : -1
    if (character === '*') source += '.*'
    else if (character === '?') source += '.'
    else if (character === '\\' && index + 1 < glob.length) source += escapeForRegExp(glob.charAt(++index))
    else if (classEnd > index + 1) {
      source += `[${glob.slice(index + 1, classEnd).replace(/[\\[]/g, '\\$&')}]`
      index = classEnd
    } else source += escapeForRegExp(character)
  }
  return new RegExp(`^${source}$`, 's')
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
