export const SECRET = 'first-secret-of-at-least-32-characters'
export const OTHER_SECRET = 'other-secret-of-at-least-32-characters'
