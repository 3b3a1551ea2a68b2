// All tests of the construct that take no time, as one file: each file would load the CDK anew, for each mutant.
import '../validation.test';
import '../request.test';
import '../run-task.test';
import '../results.test';
import '../run-fargate-task.test';
import '../capacity.test';
import '../imports.test';
import '../handler.test';
import '../permissions.test';
import '../ordering.test';
import '../execute-before.test';
