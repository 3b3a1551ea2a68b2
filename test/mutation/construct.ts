import '../../src'; // Stryker asks Jest which tests need a file, and Jest sees only static imports: this one reaches the whole construct
import { requireTests } from './require-tests';

requireTests('construct');
