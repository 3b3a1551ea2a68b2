// All tests of the handler that take no time, as one file: each file would load the SDK anew, for each mutant.
import '../handler/cloudformation/answer.test';
import '../handler/verdict/outcome.test';
import '../handler/cloudformation/delivered-properties.test';
import '../handler/cloudformation/put.test';
import '../handler/cloudformation/identity.test';
import '../handler/verdict/failure-text.test';
import '../handler/run/results.test';
import '../handler/lifecycle.test';
import '../handler/run/relay.test';
