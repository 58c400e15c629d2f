/**
 * The signals of logins for Passport: with Express, and with Fastify by `@fastify/passport`.
 *
 * @packageDocumentation
 */
export {
  type ConnectPassportOptions,
  connectPassport,
  type PassportLike,
} from './connect-passport.js';
