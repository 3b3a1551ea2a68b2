import { YamlFile } from 'projen';
import type { awscdk } from 'projen';

/** Checks of all texts for people: spelling, Markdown, and links to files and headings. They run offline, as the last part of `npm test`. */
export function checkDocs(project: awscdk.AwsCdkConstructLibrary): void {
  const generated = ['API.md'];

  new YamlFile(project, 'cspell.config.yaml', {
    obj: {
      language: 'en-US',
      useGitignore: true,
      files: ['*.md', 'test/**/*.md', '{docs,bench,examples,lambda,projenrc,src}/**/*.{md,ts}'],
      ignorePaths: generated,
      dictionaryDefinitions: [{ name: 'project', path: './projenrc/words.txt' }],
      dictionaries: ['project'],
      ignoreRegExpList: [
        '/\\[[^\\]]*\\]\\(https?:[^)]*\\)/g', // names of external pages and repositories
        '/\\b[A-Z]\\w+[0-9A-F]{8}\\b/g', // logical ids
      ],
    },
  });

  new YamlFile(project, '.markdownlint-cli2.yaml', {
    obj: {
      gitignore: true,
      globs: ['**/*.md'],
      ignores: [...generated, '.github'],
      noBanner: true,
      noProgress: true,
      config: {
        'line-length': false, // tables and links are long
        'table-column-style': false,
        'blanks-around-lists': false,
        'no-duplicate-heading': { siblings_only: true },
        'no-inline-html': { allowed_elements: ['a', 'br', 'img', 'picture', 'source'] },
      },
    },
  });

  new YamlFile(project, '.remarkrc.yaml', {
    obj: {
      // With the address of the repository, links to https://github.com/... that point into it are checked too.
      plugins: [['remark-validate-links', { repository: 'https://github.com/cdk-ecs-run-task/cdk-ecs-run-task', root: '.' }]],
    },
  });

  project.testTask.spawn(project.addTask('lint:docs', {
    description: 'Check the spelling, the Markdown and the links of the docs, and the spelling of the code',
    steps: [
      { exec: 'cspell --no-progress --no-summary' },
      { exec: 'markdownlint-cli2' },
      { exec: 'remark --frail --quiet --ignore-path .gitignore .' },
    ],
  }));
}
