import type { awscdk } from 'projen';
import { restrictedZones } from './layout';

/** The part of ESLint that checks the structure: which files import which, and in which order. */
export function configureLint(project: awscdk.AwsCdkConstructLibrary): void {
  project.eslint!.addRules({
    // The examples import the library by its name, like users; the compiler resolves it. test/integ has its own packages.
    'import/no-unresolved': ['error', { ignore: ['^cdk-ecs-run-task$', '^@aws-cdk/integ-tests-alpha$'] }],
    'import/no-restricted-paths': ['error', { zones: restrictedZones() }],
    'import/no-cycle': ['error', { ignoreExternal: true, disableScc: true }], // the search for SCCs takes minutes
    'import/order': ['error', { groups: ['builtin', 'external'], alphabetize: { order: 'asc', caseInsensitive: true } }],
  });
  const override = {
    files: ['lambda/**/*.ts'],
    excludedFiles: ['lambda/verdict/texts.ts', 'lambda/verdict/causes.ts'],
    rules: { 'no-restricted-syntax': ['error', ...TEXTS.map((selector) => ({ selector, message: 'Texts that people read belong in lambda/verdict/texts.ts.' }))] },
  };
  project.eslint!.addOverride(override);
}

/** Where the function's code could contain a text. A test compares all texts with docs/troubleshooting.md. */
const TEXTS = ['Literal', 'TemplateLiteral'].flatMap((text) => [
  `Property[key.name=/^(cause|advice|means)$/] > ${text}`,
  `CallExpression[callee.name='sentence'] > ${text}`,
  `NewExpression[callee.name=/(Error|Failed)$/] > ${text}`,
]);
