import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Puts back what there was before, for the next run in the same process: when Jest watches, or for the next mutant. */
export default function removeTemporaryFolder(): void {
  const folder = process.env.TMPDIR!;
  process.env.TMPDIR = dirname(folder);
  rmSync(folder, { recursive: true, force: true });
}
