// All tests of the handler that take no time, as one file: each file would load the SDK anew, for each mutant.
import '../lambda/answer.test';
import '../lambda/outcome.test';
import '../lambda/properties.test';
import '../lambda/put.test';
import '../lambda/stack.test';
import '../lambda/failure-text.test';
import '../lambda/results.test';
import '../lambda/lifecycle.test';
import '../lambda/continuation.test';
