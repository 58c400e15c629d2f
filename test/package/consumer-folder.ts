import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { manifest, ROOT } from '../support/repository.js';

const execute = promisify(execFile);

/** The folder with what consumers use beside the library, and have to install for that. */
export const RUNNERS = 'test/package/consumer';

/** A project in an empty folder, outside of the repository, that depends on the packed library. */
export class ConsumerFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder and unpacks the library's tarball into its node_modules. */
  static async create(tarball: string): Promise<ConsumerFolder> {
    const folder = new ConsumerFolder(await mkdtemp(join(tmpdir(), 'sequelize-signals-consumer-')));
    const target = join(folder.path, 'node_modules', manifest().name);
    await mkdir(target, { recursive: true });
    await execute('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
    return folder;
  }

  /** Links packages that are installed in the repository, so that no network is needed. */
  async link(...packages: string[]): Promise<void> {
    for (const name of packages) {
      const path = join(this.path, 'node_modules', name);
      await mkdir(dirname(path), { recursive: true });
      await symlink(installed(name), path, 'junction');
    }
  }

  /** Copies a file of test/package/consumer. */
  async copy(name: string): Promise<void> {
    await cp(join(ROOT, RUNNERS, name), join(this.path, name));
  }

  async write(name: string, content: object): Promise<void> {
    await writeFile(join(this.path, name), JSON.stringify(content));
  }

  /** Runs Node.js in the folder; rejects with what it printed when it fails. */
  async node(...args: string[]): Promise<void> {
    await execute(process.execPath, args, { cwd: this.path }).catch(({ stdout, stderr }) => {
      throw new Error(`node ${args.join(' ')}\n${stdout}${stderr}`);
    });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

function installed(name: string): string {
  const own = join(ROOT, 'node_modules', name);
  return existsSync(own) ? own : join(ROOT, RUNNERS, 'node_modules', name);
}
