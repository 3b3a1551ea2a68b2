/**
 * Which files of a folder are allowed to import which: a file or wing imports only from the levels below its own. ESLint and
 * test/structure.test.ts both read this.
 */
export interface Layout {
  readonly folder: string;
  /** Files and wings (subfolders), from the top level to the bottom. */
  readonly levels: ReadonlyArray<readonly string[]>;
  /** Files of the other folder that may be imported. */
  readonly shared: readonly string[];
}

export const LAYOUTS: readonly Layout[] = [
  {
    folder: 'lambda',
    levels: [
      ['handler.ts', 'bundle'], // esbuild adds bundle/ to the SDK; no file imports it
      ['lifecycle.ts', 'without-nulls.ts'],
      ['lifecycle'],
      ['run'],
      ['ecs'],
      ['cloudformation', 'retry.ts'],
      ['verdict', 'world.ts'],
    ],
    shared: ['src/contract.ts', 'src/timing.ts'],
  },
  {
    folder: 'src',
    levels: [
      ['index.ts'],
      ['run-fargate-task.ts'],
      ['run-task.ts'],
      ['order'],
      ['function'],
      ['request'],
      ['run-task-config.ts', 'run-task-props.ts', 'task-managed-volume.ts'],
      ['contract.ts', 'given-values.ts', 'throw-errors.ts', 'timing.ts'],
    ],
    shared: [],
  },
];

/** The same as zones of ESLint's `import/no-restricted-paths`. */
export function restrictedZones(): object[] {
  return LAYOUTS.flatMap(({ folder, levels, shared }) => {
    const other = folder === 'src' ? 'lambda' : 'src';
    return [
      ...levels.flatMap((level, index) => level.map((target) => ({
        target: `./${folder}/${target}`,
        from: levels.slice(0, index + 1).flat().filter((name) => name !== target).map((name) => `./${folder}/${name}`),
        message: `${folder}/${target} imports only from lower levels, see projenrc/layout.ts.`,
      }))).filter(({ from }) => from.length > 0),
      {
        target: `./${folder}`,
        from: `./${other}`,
        except: shared.map((file) => `.${file.slice(other.length)}`),
        message: `${folder} imports ${shared.length > 0 ? `only ${shared.join(' and ')}` : 'nothing'} from ${other}.`,
      },
    ];
  });
}
