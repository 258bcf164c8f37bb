// Who asks: the person whom the access token of the request names, null for a stranger.
import { createVerifier } from 'fast-jwt'

const verify = createVerifier({
  key: process.env.PROJECTIONIST_TOKEN_SECRET,
  algorithms: ['HS256'],
  allowedIss: 'projectionist',
  allowedAud: 'projectionist',
  requiredClaims: ['sub', 'exp'],
  cache: 10000
})

// Throws for a token that is not ours or has ended.
export function person (headers) {
  const [scheme, token] = (headers.authorization ?? '').split(' ')
  return scheme === 'Bearer' ? verify(token).sub : null
}
