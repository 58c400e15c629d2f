import { Authenticator } from '@fastify/passport';
import { expectTypeOf } from 'expect-type';
import passport, { Passport } from 'passport';
import { Model, type ModelStatic } from 'sequelize';
import { receiver } from 'sequelize-signals';
import {
  type CleanedCredentials,
  cleanCredentials,
  sendUserLoggedIn,
  sendUserLoggedOut,
  sendUserLoginFailed,
  userLoggedIn,
  userLoggedOut,
  userLoginFailed,
} from 'sequelize-signals/auth';
import { connectPassport } from 'sequelize-signals/passport';

class User extends Model {
  declare name: string;
}

// These never run: they pass by compiling.
export function receiversOfLoginsKnowTheUser(): void {
  userLoggedIn.connect(({ user, request, sender }) => {
    expectTypeOf(user).toEqualTypeOf<object>();
    expectTypeOf(request).toEqualTypeOf<object>();
    expectTypeOf(sender).toEqualTypeOf<ModelStatic<Model>>();
  });
  userLoggedIn.connect(({ user }) => user.name, { sender: User });
  userLoggedOut.connect(({ user }) => user?.name, { sender: User });
  receiver(userLoggedIn, { sender: User })(({ user }) => {
    expectTypeOf(user.name).toEqualTypeOf<string>();
  });
  // @ts-expect-error nobody may be logged in
  userLoggedOut.connect(({ user }) => user.name, { sender: User });
  userLoginFailed.connect(({ credentials, request, sender }) => {
    expectTypeOf(credentials).toEqualTypeOf<CleanedCredentials>();
    expectTypeOf(request).toEqualTypeOf<object | undefined>();
    expectTypeOf(sender).toBeUnknown();
  });
  // @ts-expect-error a sender of logins is a model
  userLoggedIn.connect(() => {}, { sender: Date });
}

export async function loginsAreSentByHand(request: object, user: User): Promise<void> {
  await sendUserLoggedIn({ request, user });
  await sendUserLoggedOut({ request, user: null });
  await sendUserLoginFailed({ credentials: { name: 'ada' }, request });
  await sendUserLoginFailed({ credentials: new Map() });
  expectTypeOf(cleanCredentials({ name: 'ada' })).toEqualTypeOf<CleanedCredentials>();
  // @ts-expect-error nobody has logged in
  await sendUserLoggedIn({ request, user: null });
  // @ts-expect-error the credentials are an object
  await sendUserLoginFailed({ credentials: 'ada' });
}

export function everyPassportIsConnected(): void {
  const undo = connectPassport(passport, { login: ['local'] });
  expectTypeOf(undo).toEqualTypeOf<() => void>();
  connectPassport(new Passport(), { login: [], credentials: () => null });
  connectPassport(new Authenticator(), {
    login: ['local'],
    credentials: async (request) => ({ request }),
  });
  // @ts-expect-error the strategies of logins are named
  connectPassport(passport, {});
  // @ts-expect-error it is no Passport
  connectPassport({}, { login: [] });
}
