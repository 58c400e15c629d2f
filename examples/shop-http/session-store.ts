import { type SessionData, Store } from 'express-session';
import { Session } from './models.js';

/** Keeps sessions in the database of the shop: they are written when the view has been stored. */
export class SequelizeStore extends Store {
  get(id: string, callback: (error: unknown, data?: SessionData | null) => void): void {
    Session.findByPk(id).then((found) => callback(null, found && JSON.parse(found.data)), callback);
  }

  set(id: string, data: SessionData, callback: (error?: unknown) => void = () => {}): void {
    Session.upsert({ id, data: JSON.stringify(data) }).then(() => callback(), callback);
  }

  destroy(id: string, callback: (error?: unknown) => void = () => {}): void {
    Session.destroy({ where: { id } }).then(() => callback(), callback);
  }
}
