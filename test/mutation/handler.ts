// Stryker asks Jest which tests need a file, and Jest sees only static imports: these two reach the whole handler.
import '../../lambda/cloudformation/put';
import '../../lambda/lifecycle';
import { requireTests } from './require-tests';

requireTests('handler');
