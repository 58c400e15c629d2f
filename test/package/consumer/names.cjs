// Logs and error stacks show the names of functions and classes.
const { strictEqual } = require('node:assert');

for (const entry of process.argv.slice(2)) {
  for (const [name, value] of Object.entries(require(entry))) {
    if (typeof value === 'function' && value.name !== '') strictEqual(value.name, name);
  }
}
