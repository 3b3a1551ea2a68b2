const { TestEnvironment } = require('jest-environment-node');

/** One failure tells all there is to tell of a mutant, and Jest cannot stop at the first one of a file. */
module.exports = class extends TestEnvironment {
  failed = false;

  handleTestEvent({ name, test }) {
    if (name === 'test_done' && test.errors.length > 0) {
      this.failed = true;
    }
    if (name === 'test_start' && this.failed) {
      test.mode = 'skip';
    }
  }
};
