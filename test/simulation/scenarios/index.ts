import { audit } from './audit';
import { faults } from './faults';
import { seeds } from './seeds';
import type { NamedScenario } from './telling';

export { expectedToFail } from './expected-to-fail';

export const scenarios: readonly NamedScenario[] = [...seeds, ...faults, ...audit];
