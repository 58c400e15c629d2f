import { expect } from 'chai';
import { DataTypes, type Model, type ModelStatic, Op } from 'sequelize';
import { atomic, InvalidArgumentError, onCommit, transaction } from 'sequelize-signals';
import {
  sendUserLoggedIn,
  sendUserLoggedOut,
  sendUserLoginFailed,
  userLoggedIn,
  userLoggedOut,
  userLoginFailed,
} from 'sequelize-signals/auth';
import { deferred } from '../support/deferred.js';
import { describeTransactions } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { rejectionOf } from '../support/rejection.js';

const request = { url: '/login' };

describeTransactions('sending logins by hand', (bench) => {
  const logged = captureLog();
  let undos: (() => unknown)[];
  let users: ModelStatic<Model>;

  before(() => {
    users = bench.sequelize.define(
      'loginUser',
      { name: DataTypes.STRING },
      { scopes: { ada: { where: { name: { [Op.eq]: 'ada' } } } } },
    );
  });
  beforeEach(() => {
    undos = [];
  });
  afterEach(() => {
    for (const undo of undos) undo();
  });
  after(() => bench.sequelize.modelManager.removeModel(users));

  it('has the model of the user as sender, by class and by name (D-296, D-297)', async () => {
    const [user, others] = [users.build({ name: 'ada' }), bench.ledger.entries];
    const events: unknown[] = [];
    for (const sender of [users, 'loginUser', others]) {
      const note = (event: { sender: unknown; user: unknown }) =>
        void events.push([sender, event.sender, event.user]);
      undos.push(userLoggedIn.connect(note, { sender }), userLoggedOut.connect(note, { sender }));
    }

    await sendUserLoggedIn({ request, user });
    await sendUserLoggedOut({ request, user });

    const pair = [
      [users, users, user],
      ['loginUser', users, user],
    ];
    expect(events).to.deep.equal([...pair, ...pair]);
  });

  it('knows the model of a user that came by a scope', async () => {
    const senders: unknown[] = [];
    undos.push(userLoggedIn.connect(({ sender }) => void senders.push(sender), { sender: users }));

    await sendUserLoggedIn({ request, user: users.scope('ada').build({ name: 'ada' }) });

    expect(senders).to.deep.equal([users]);
  });

  it('has no sender for users without a model, or without a user', async () => {
    const events: object[] = [];
    undos.push(
      userLoggedIn.connect((event) => void events.push(event)),
      userLoggedOut.connect((event) => void events.push(event)),
    );
    const user = { name: 'ada' };

    await sendUserLoggedIn({ request, user });
    await sendUserLoggedOut({ request, user: null });

    expect(events).to.deep.equal([
      { signal: userLoggedIn, sender: null, request, user },
      { signal: userLoggedOut, sender: null, request, user: null },
    ]);
  });

  it('cleans the credentials (D-298)', async () => {
    const events: object[] = [];
    undos.push(userLoginFailed.connect((event) => void events.push(event)));

    await sendUserLoginFailed({ credentials: { username: 'ada', password: 'hidden' }, request });

    const credentials = { username: 'ada', password: '********************' };
    expect(events).to.deep.equal([{ signal: userLoginFailed, sender: null, credentials, request }]);
  });

  it('is robust: it resolves to responses and errors, and logs these', async () => {
    const error = new Error('of the receiver');
    const fails = () => {
      throw error;
    };
    const answers = async () => 'answer';
    undos.push(userLoggedIn.connect(fails), userLoggedIn.connect(answers));

    expect(await sendUserLoggedIn({ request, user: {} })).to.deep.equal([
      [fails, error],
      [answers, 'answer'],
    ]);
    expect(logged()).to.have.lengthOf(1);
    expect(logged()[0]?.[0]).to.match(
      /^userLoggedIn receiver "fails" \(.*\) failed: of the receiver$/,
    );
  });

  it('refuses what it does not know', async () => {
    const wrong: Promise<unknown>[] = [
      sendUserLoggedIn({ request, usr: {} } as never),
      sendUserLoggedOut(null as never),
      sendUserLoginFailed({ request } as never).then((responses) => {
        expect(responses).to.deep.equal([]);
        throw new InvalidArgumentError('nothing was sent');
      }),
      sendUserLoginFailed({ credentials: 'ada:hidden' as never }),
    ];

    for (const promise of wrong) {
      expect(await rejectionOf(promise)).to.be.instanceOf(InvalidArgumentError);
    }
  });

  it('has receivers write in the block around, and is undone with it', async () => {
    undos.push(userLoggedIn.connect(() => bench.ledger.do('login')));

    await atomic(() => sendUserLoggedIn({ request, user: {} }));
    await rejectionOf(
      atomic(async () => {
        await sendUserLoggedIn({ request, user: {} }).then(() => bench.ledger.write('other'));
        throw new Error('of the view');
      }),
    );

    await bench.ledger.expectDone(['login']);
  });

  it('undoes what a failing receiver did in a block, and nothing else', async () => {
    undos.push(
      userLoggedIn.connect(() => bench.ledger.do('first')),
      userLoggedIn.connect(async () => {
        await bench.ledger.do('undone');
        await bench.ledger.write('first');
      }),
      userLoggedIn.connect(async () => {
        await bench.ledger.do('swallowed');
        await rejectionOf(bench.ledger.write('first'));
      }),
      userLoggedIn.connect(() => bench.ledger.do('last')),
    );

    const responses = await atomic(async () => {
      const sent = await sendUserLoggedIn({ request, user: {} });
      await onCommit(bench.ledger.callback('block'));
      return sent;
    });

    expect(responses.map(([, response]) => (response as Error | undefined)?.name)).to.deep.equal([
      undefined,
      'SequelizeUniqueConstraintError',
      'RolledBackError',
      undefined,
    ]);
    expect(logged()).to.have.lengthOf(2);
    await bench.ledger.expectDone(['first', 'last'], ['first', 'last', 'block']);
  });

  it('sends no savepoint for receivers without queries', async () => {
    undos.push(userLoggedIn.connect(() => transaction.inAtomicBlock()));

    const [[, inBlock] = []] = await atomic(() => sendUserLoggedIn({ request, user: {} }));

    expect(inBlock).to.equal(true);
    expect(bench.statements.verbs()).to.deep.equal([]);
  });

  it('calls receivers in a block that is broken, and after one that has ended', async () => {
    let called = 0;
    undos.push(
      userLoggedIn.connect(() => {
        called += 1;
      }),
    );
    const over = deferred();
    let late: Promise<unknown> | undefined;

    await rejectionOf(
      atomic(async () => {
        late = over.promise.then(() => sendUserLoggedIn({ request, user: {} }));
        await bench.ledger.write('undone');
        await rejectionOf(bench.ledger.write('undone'));
        await sendUserLoggedIn({ request, user: {} });
      }),
    );
    over.resolve();
    await late;

    expect(called).to.equal(2);
    expect(logged()).to.deep.equal([]);
  });
});
