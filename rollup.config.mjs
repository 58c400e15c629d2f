import { defineConfig } from 'rollup';

// Node.js takes 0.2 ms for each file that it loads, so the package is published in few.
const modules = '.cache/pack';

export default defineConfig({
  input: {
    index: `${modules}/index.js`,
    'testing/index': `${modules}/testing/index.js`,
    'migrations/umzug': `${modules}/migrations/umzug.js`,
    'requests/http': `${modules}/requests/http.js`,
    'requests/express': `${modules}/requests/express.js`,
    'requests/fastify': `${modules}/requests/fastify.js`,
    'requests/koa': `${modules}/requests/koa.js`,
    'logins/auth': `${modules}/logins/auth.js`,
    'logins/passport': `${modules}/logins/passport.js`,
    'tasks/index': `${modules}/tasks/index.js`,
    'tasks/pg-boss': `${modules}/tasks/pg-boss.js`,
    'tasks/graphile-worker': `${modules}/tasks/graphile-worker.js`,
    'tasks/bullmq': `${modules}/tasks/bullmq.js`,
  },
  external: [/^node:/, 'bullmq', 'graphile-worker'],
  treeshake: { moduleSideEffects: 'no-external' },
  output: {
    dir: 'dist',
    format: 'cjs',
    esModule: true,
    hoistTransitiveImports: false,
    // An entry point exports its public names and no others: what they share is in a file beside them.
    manualChunks: {
      library: [`${modules}/index.js`],
      requests: ['view', 'marks', 'intercept', 'report-exception'].map(
        (name) => `${modules}/requests/${name}.js`,
      ),
      logins: [`${modules}/logins/send-logins.js`],
      tasks: ['backend', 'stored-job', 'assert-storable', 'task-rules'].map(
        (name) => `${modules}/tasks/${name}.js`,
      ),
    },
    chunkFileNames: '[name].js',
  },
});
