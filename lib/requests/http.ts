/**
 * The signals of requests, for servers of Node.js: Django's `request_started`, `request_finished` and
 * `got_request_exception`.
 *
 * @packageDocumentation
 */
export { connectHttp } from './connect-http.js';
export {
  type GotRequestException,
  gotRequestException,
  type RequestFinished,
  type RequestStarted,
  requestFinished,
  requestStarted,
} from './request-signals.js';
