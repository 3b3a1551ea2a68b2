import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The CDK leaves the assembly of each app of a test in the folder for temporary files. This one goes with the run. */
export default function useTemporaryFolder(): void {
  const folder = mkdtempSync(join(tmpdir(), 'cdk-ecs-run-task-'));
  process.env.TMPDIR = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}
