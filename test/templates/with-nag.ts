/** Loaded before an app (by Node.js itself, so without types), has cdk-nag look at it: what it finds is in the metadata of the assembly. */
import { Aspects, Stage } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';

const { synth } = Stage.prototype;
const seen = new Set(); // a pipeline synthesizes its stages more than once

/** An app is a stage, too. Its aspects do not reach into the stages in it. */
Stage.prototype.synth = function (options) {
  if (!seen.has(this)) {
    seen.add(this);
    Aspects.of(this).add(new AwsSolutionsChecks({ reports: false }));
    Aspects.of(this).add(new NIST80053R5Checks({ reports: false }));
  }
  return synth.call(this, options);
};
