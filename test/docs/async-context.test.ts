import { describeCode } from '../support/document.js';

describe('docs/async-context.md', function () {
  this.timeout(60_000);

  describeCode('docs/async-context.md', '.cache/async-context');
});
