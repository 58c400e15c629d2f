import { QueryTypes, Sequelize } from 'sequelize';
import { atomic, install, transaction } from 'sequelize-signals';
import { Article } from './articles.js';

// A database of its own, as a search server would be: no rollback of the articles reaches it.
const search = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });
install(search, { using: 'search' });

export async function createIndex(): Promise<void> {
  await search.query('CREATE VIRTUAL TABLE article_index USING fts5(title, text)');
}

/** Puts an article into the index, or brings it up to date there. */
export async function indexArticle(id: number): Promise<void> {
  const article = await Article.findByPk(id, { rejectOnEmpty: true });
  console.log(`  indexing "${article.title}", in a block: ${transaction.inAtomicBlock()}`);

  await atomic({ using: 'search' }, async () => {
    await search.query('DELETE FROM article_index WHERE rowid = $id', { bind: { id } });
    await search.query(
      'INSERT INTO article_index (rowid, title, text) VALUES ($id, $title, $text)',
      { bind: { id, title: article.title, text: article.text } },
    );
  });
}

/** The titles of the articles that match, the best match first. */
export async function find(words: string): Promise<string> {
  const found = await search.query<{ title: string }>(
    'SELECT title FROM article_index WHERE article_index MATCH $words ORDER BY rank',
    { bind: { words }, type: QueryTypes.SELECT },
  );
  return found.map(({ title }) => `"${title}"`).join(', ') || 'nothing';
}
