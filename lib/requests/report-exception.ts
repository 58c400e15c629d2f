import type { IncomingMessage } from 'node:http';
import { peek } from '../base/index.js';
import { transaction } from '../transactions/index.js';
import { gotRequestException } from './request-signals.js';

/** Sends `gotRequestException` if an error becomes a status of 500 or above (D-285). */
export async function reportException(
  request: IncomingMessage,
  error: unknown,
  statusOfResponse: number,
): Promise<void> {
  const statuses = [peek(error, 'status'), peek(error, 'statusCode'), statusOfResponse];
  const status = statuses.find(isErrorStatus) ?? 500;
  if (status < 500 || !gotRequestException.hasListeners(null)) return;
  await transaction.outside(() => gotRequestException.sendRobust(null, { request, error }));
}

function isErrorStatus(status: unknown): status is number {
  return typeof status === 'number' && status >= 400 && status < 600;
}
