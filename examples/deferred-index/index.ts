/**
 * `defer()` and the signals of the current transaction: a search index outside of the database
 * that follows every commit, and never hears of what was rolled back.
 */
import { atomic, defer, postRollback, transaction } from 'sequelize-signals';
import { Article, sequelize } from './articles.js';
import { createIndex, find, indexArticle } from './search-index.js';

async function write(title: string, text: string): Promise<Article> {
  const article = await Article.create({ title, text });
  defer(indexArticle, article.id);
  return article;
}

async function deferredToTheCommit(): Promise<void> {
  console.log('defer() waits for the commit, then runs in a transaction of its own:');
  await atomic(async () => {
    const article = await write('Locks', 'How a database keeps writers apart.');
    await write('Savepoints', 'How a transaction takes back a part of itself.');
    console.log(`  before the commit "database" finds ${await find('database')}`);
    // The callback reads the row after the commit, so the index gets the title of the last save.
    await article.update({ title: 'Locks explained' });
  });
  console.log(`  after it "database" finds ${await find('database')}`);
}

async function droppedWithARollback(): Promise<void> {
  console.log('A rollback drops it:');
  const failure = atomic(async () => {
    await write('Deadlocks', 'Two writers who wait for each other.');
    throw new Error('the editor says no');
  });
  await failure.catch((error: Error) => console.log(`  ${error.message}`));
  console.log(`  "deadlocks" finds ${await find('deadlocks')}`);
}

async function atOnceOutside(): Promise<void> {
  console.log('Outside of a block it runs at once, and its result is returned:');
  const article = await Article.create({ title: 'Autocommit', text: 'Each query for itself.' });
  await defer(indexArticle, article.id);
  console.log(`  "query" finds ${await find('query')}`);
}

async function signalsOfOneTransaction(): Promise<void> {
  console.log('transaction.signals.postCommit is of the current transaction alone:');
  await atomic(async () => {
    let written = 0;
    // A closure, used nowhere else, and kept all the same: receivers are held strongly by default.
    transaction.signals.postCommit.connect(({ using }) => {
      console.log(`  postCommit on "${using}": ${written} article written`);
    });
    await write('Isolation', 'What one transaction sees of another.');
    written += 1;
  });
  await atomic(() => write('Durability', 'What stays when the power goes.'));
  console.log('  the second transaction had no receiver left');
}

async function signalsOfEveryTransaction(): Promise<void> {
  console.log('postRollback is of every transaction:');
  const undo = postRollback.connect(({ using, error }) =>
    console.log(`  postRollback on "${using}", because of: ${error}`),
  );
  const failure = atomic(async () => {
    await write('Livelocks', 'Two writers who make way for each other.');
    throw new Error('the editor is away');
  });
  await failure.catch(() => undo());
}

async function guarded(): Promise<void> {
  console.log('A receiver that leaves a transaction open is reported:');
  const writing = atomic(async () => {
    transaction.signals.postCommit.connect(async function forgetful() {
      const unfinished = await sequelize.transaction();
      await Article.create({ title: 'Lost', text: 'Never stored.' }, { transaction: unfinished });
    });
    await write('Consistency', 'What holds before and after.');
  });
  await writing.catch((error: Error) => console.log(`  ${error.name}: ${error.message}`));
  console.log(
    `  its article is stored: ${(await Article.count({ where: { title: 'Lost' } })) > 0}`,
  );
}

async function main(): Promise<void> {
  await sequelize.sync();
  await createIndex();
  await deferredToTheCommit();
  await droppedWithARollback();
  await atOnceOutside();
  await signalsOfOneTransaction();
  await signalsOfEveryTransaction();
  await guarded();
}

void main();
