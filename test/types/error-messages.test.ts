import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runNode } from '../support/program.js';
import { ROOT } from '../support/repository.js';

/** A mistake, with what TypeScript is to say of it. */
interface Mistake {
  readonly title: string;
  readonly code: string;
  readonly says: RegExp;
}

/** How many lines an error may have: a reader gives up on more. */
const LINES = 4;

const SHOP = `
import { Model } from 'sequelize';
import { postSave, receiver, type Signal } from 'sequelize-signals';

class User extends Model { declare name: string }
class Order extends Model { declare total: number }
declare module 'sequelize-signals' {
  interface ModelNames { User: User; Order: Order }
}
declare const orderPaid: Signal<{ order: Order; paidAt: Date }>;
`;

const MISTAKES: readonly Mistake[] = [
  {
    title: 'a receiver that takes the instance for the event',
    code: 'postSave.connect((user: User) => user.name, { sender: User });',
    says: /is not assignable to type 'User'/,
  },
  {
    title: 'a receiver that takes the arguments of Django, by position',
    code: 'postSave.connect((_sender: unknown, instance: User) => instance.name, { sender: User });',
    says: /Expected 2 or more, but got 1/,
  },
  {
    title: 'a receiver of a plain signal that takes the payload for something else',
    code: 'orderPaid.connect((order: Order) => order.total);',
    says: /is missing the following properties from type 'Order'/,
  },
  {
    title: 'a receiver() of the wrong kind',
    code: 'receiver(postSave, { sender: User })((user: User) => user.name);',
    says: /is not assignable to type 'User'/,
  },
  {
    title: 'a key that the event does not have',
    code: 'postSave.connect(({ creatd }) => creatd, { sender: User });',
    says: /Property 'creatd' does not exist/,
  },
  {
    title: 'an attribute that the instance does not have',
    code: 'postSave.connect(({ instance }) => instance.nmae, { sender: User });',
    says: /Property 'nmae' does not exist/,
  },
  {
    title: 'an attribute that one of two senders does not have',
    code: 'postSave.connect(({ instance }) => instance.total, { sender: [User, Order] });',
    says: /Property 'total' does not exist/,
  },
  {
    title: 'an unknown option',
    code: 'postSave.connect(() => {}, { sendr: User });',
    says: /'sendr' does not exist.*Did you mean to write 'sender'\?/,
  },
  {
    title: 'an unknown option of a plain signal',
    code: "orderPaid.connect(() => {}, { dispatchUID: 'uid' });",
    says: /Did you mean to write 'dispatchUid'\?/,
  },
  {
    title: 'a misspelt name',
    code: "postSave.connect(() => {}, { sender: 'Usr' });",
    says: /'"Usr"' is not assignable.*Did you mean '"User"'\?/,
  },
  {
    title: 'a misspelt name among others',
    code: "postSave.connect(() => {}, { sender: ['User', 'Ordr'] });",
    says: /'"Ordr"' is not assignable/,
  },
  {
    title: 'a misspelt name in receiver()',
    code: "receiver(postSave, { sender: 'Usr' });",
    says: /'"Usr"' is not assignable/,
  },
  {
    title: 'a misspelt name in disconnect()',
    code: "postSave.disconnect(() => {}, { sender: 'Usr' });",
    says: /'"Usr"' is not assignable/,
  },
  {
    title: 'a sender by position',
    code: 'postSave.connect(() => {}, User);',
    says: /'typeof User' has no properties in common with type 'ConnectOptions/,
  },
  {
    title: 'a name by position',
    code: "receiver(postSave, 'User');",
    says: /'"User"' has no properties in common with type 'ConnectOptions/,
  },
  {
    title: 'a sender that is a number',
    code: 'postSave.connect(() => {}, { sender: 5 });',
    says: /'number' is not assignable to type/,
  },
  {
    title: 'a sender that is an instance',
    code: 'postSave.connect(() => {}, { sender: new User() });',
    says: /'User' is not assignable to type 'ModelStatic/,
  },
  {
    title: 'a sender that is a class and no model',
    code: 'postSave.connect(() => {}, { sender: class Plain {} });',
    says: /'typeof Plain' is not assignable to type 'ModelStatic/,
  },
  {
    title: 'a sender that is abstract, and so never sends',
    code: 'abstract class Base extends Model {}\npostSave.connect(() => {}, { sender: Base });',
    says: /abstract constructor type/,
  },
  {
    title: 'a missing key of a payload',
    code: 'void orderPaid.send(Order, { order: new Order() });',
    says: /Property 'paidAt' is missing/,
  },
  {
    title: 'no payload',
    code: 'void orderPaid.send(Order);',
    says: /Expected 2 arguments, but got 1/,
  },
];

/** What is right where the names of models are declared. */
const NAMED: readonly string[] = [
  "postSave.connect(({ instance, created }) => created && instance.name, { sender: 'User' });",
  "receiver(postSave, { sender: 'Order' })(({ instance }) => instance.total);",
  "postSave.connect(({ instance }) => 'total' in instance && instance.total, { sender: ['User', Order] });",
  'postSave.connect(({ instance, sender }) => [instance.isNewRecord, sender.tableName]);',
  "postSave.disconnect(() => {}, { sender: ['User', Order] });",
  "orderPaid.connect(({ sender }) => sender.length, { sender: 'anybody' });",
];

/** Static methods are what decorators of the old kind can connect. */
const DECORATED = `
class Ledger {
  @receiver(orderPaid, { sender: Order })
  static book({ order, paidAt }: { order: Order; paidAt: Date }) { return [order, paidAt]; }

  @receiver([postSave, orderPaid])
  static bookAny() {}
}
void Ledger;`;

describe('errors of the types', function () {
  this.timeout(60_000);
  let errors: readonly string[];

  before(() => {
    errors = errorsOf(MISTAKES.map(({ code }) => code));
  });

  MISTAKES.forEach(({ title, says }, at) => {
    it(`say of ${title} what is wrong, in ${LINES} lines`, () => {
      const error = errors[at] ?? '';

      expect(error).to.match(says);
      expect(error.split('\n').length, error).to.be.at.most(LINES);
    });
  });
});

describe('types', function () {
  this.timeout(60_000);

  it('know the instances of models by the names that the application declares', () => {
    expect(errorsOf(NAMED)).to.deep.equal(NAMED.map(() => ''));
  });

  it('let experimentalDecorators connect static methods, and no others', () => {
    const ofObject = DECORATED.replaceAll('static ', '');

    const [right, wrong] = errorsOf([DECORATED, ofObject], { experimentalDecorators: true });

    expect(right).to.equal('');
    expect(wrong).to.include('Unable to resolve signature of method decorator');
  });
});

/** What TypeScript prints of each program that has this code. */
function errorsOf(codes: readonly string[], options: object = {}): string[] {
  const folder = join(ROOT, '.cache/type-errors');
  const files = codes.map((_code, at) => `program-${at}.ts`);
  const compilerOptions = {
    target: 'es2022',
    module: 'node20',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    ...options,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  for (const [at, code] of codes.entries()) {
    writeFileSync(join(folder, `program-${at}.ts`), `${SHOP}${code}\n`);
  }

  const { stdout } = runNode('node_modules/typescript/bin/tsc', '--project', folder);
  // What belongs to an error is indented under its first line.
  const errors = stdout.split(/\n(?! )/);
  return files.map((file) => errors.filter((error) => error.includes(`/${file}(`)).join('\n'));
}
