import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The CDK leaves the assembly of each app of a test in the folder for temporary files. This one goes with the run. */
export default function useTemporaryFolder(): void {
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'cdk-ecs-run-task-'));
}
