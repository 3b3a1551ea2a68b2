// All tests of the construct that take no time, as one file: each file would load the CDK anew, for each mutant.
import '../construct/validation.test';
import '../construct/request.test';
import '../construct/run-task.test';
import '../construct/attributes.test';
import '../construct/run-fargate-task.test';
import '../construct/capacity.test';
import '../construct/imports.test';
import '../construct/handler-function.test';
import '../construct/permissions.test';
import '../construct/ordering.test';
import '../construct/execute-before.test';
